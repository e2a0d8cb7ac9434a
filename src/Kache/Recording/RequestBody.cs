using System.Buffers;
using System.Net;
using System.Net.Http;
using System.Security.Cryptography;
using Kache.Exchanges;

namespace Kache.Recording;

/// <summary>
/// The client's request body on its way to the origin: streamed, hashed as received, and kept up to
/// <see cref="LongestKept"/> bytes; beyond, its digest alone.
/// </summary>
internal sealed class RequestBody(Stream source, long? length, KeptBody kept) : HttpContent
{
    // DESIGN "Formats": request bodies are kept up to 16 MiB.
    public const long LongestKept = 16 * 1024 * 1024;

    private const int BufferSize = 64 * 1024;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly CancellationTokenSource _abandoned = new();
    private long _received;
    private bool _begun;

    /// <summary>All of it was read from the client and given to the origin's connection.</summary>
    public bool Finished { get; private set; }

    /// <summary>Some of it was read from the client.</summary>
    public bool Begun => _begun;

    /// <summary>Completes, always well, when nothing more is read from the client; never when <see cref="Begun"/> is false.</summary>
    public Task Ended => _ended.Task;

    /// <summary>The client broke off while it was being read.</summary>
    public bool ClientBroke { get; private set; }

    /// <summary>Nothing more of it is wanted: <see cref="Ended"/> follows soon.</summary>
    public void Abandon() => _abandoned.Cancel();

    /// <summary>Once nothing more is sent: what was received.</summary>
    public async ValueTask<Body> TakeAsync()
    {
        if (_received == 0) return Body.Empty;
        if (_received <= LongestKept && await kept.CompleteAsync() is { } body) return body;
        var digest = new byte[Digest.Size];
        _hash.GetHashAndReset(digest);
        return new Body(new Digest(digest), _received, Kept: false);
    }

    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // A body that streams by cannot be sent twice: the request fails, as it would have without Kache.
        if (_begun) throw new IOException("The connection to the origin broke while the request was being sent.");
        _begun = true;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _abandoned.Token);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (true)
            {
                var read = await ReadAsync(stream, buffer, stop.Token);
                if (read == 0) break;
                var chunk = buffer.AsMemory(0, read);
                _received += read;
                _hash.AppendData(chunk.Span);
                if (_received <= LongestKept) await kept.WriteAsync(chunk);
                await stream.WriteAsync(chunk, stop.Token);
            }
            Finished = true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            _ended.TrySetResult();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
            _abandoned.Dispose();
        }
        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadAsync(Stream destination, byte[] buffer, CancellationToken cancellation)
    {
        var reading = source.ReadAsync(buffer, cancellation).AsTask();
        // A client that pauses may be waiting for an answer to what it has sent so far.
        if (!reading.IsCompleted && _received > 0) await destination.FlushAsync(cancellation);
        try
        {
            return await reading;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            ClientBroke = true;
            throw;
        }
    }
}
