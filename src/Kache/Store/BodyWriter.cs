using Kache.Exchanges;

namespace Kache.Store;

/// <summary>
/// Takes one body as it streams by: hashes and writes it, in one pass. One writer at a time.
/// Ends with <see cref="CompleteAsync"/>; disposed without it, nothing remains.
/// </summary>
internal sealed class BodyWriter : IAsyncDisposable
{
    /// <summary>Bytes taken so far.</summary>
    public long Length => throw new NotImplementedException();

    /// <exception cref="StoreFullException">No room; the writer takes nothing more.</exception>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Publishes what was taken under its digest, whole or only a beginning; the caller knows which.</summary>
    /// <exception cref="StoreFullException">No room.</exception>
    public ValueTask<Body> CompleteAsync(CancellationToken cancellation) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
