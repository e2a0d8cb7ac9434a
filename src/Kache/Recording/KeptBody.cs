using Kache.Exchanges;
using Kache.Store;

namespace Kache.Recording;

/// <summary>One body on its way into the store. A store that takes no more never stops the body on its way to the other side.</summary>
internal sealed class KeptBody(BodyWriter writer) : IAsyncDisposable
{
    private bool _ended;

    /// <summary>Why the store did not take it, one sentence; null while it does.</summary>
    public string? Refused { get; private set; }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        if (Refused is not null) return;
        try
        {
            // Not to be cancelled by a client that leaves: half a write would spoil the body.
            await writer.WriteAsync(bytes, CancellationToken.None);
        }
        catch (IOException e)
        {
            Refused = e.Message;
        }
    }

    /// <returns>Null when the store has refused it.</returns>
    public async ValueTask<Body?> CompleteAsync()
    {
        if (Refused is not null) return null;
        try
        {
            var body = await writer.CompleteAsync(CancellationToken.None);
            _ended = true;
            return body;
        }
        catch (IOException e)
        {
            Refused = e.Message;
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_ended) return;
        _ended = true;
        await writer.DisposeAsync();
    }
}
