using Kache.Exchanges;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Kache.Recording;

/// <summary>The client's side of an answer. A client that has gone never disturbs what is being kept.</summary>
internal sealed class ClientResponse(HttpContext context)
{
    private bool _gone;
    private bool _chunked;
    private long? _promised;

    public bool IsGone => _gone || context.RequestAborted.IsCancellationRequested;

    /// <summary>Bytes of the body that were given to the client.</summary>
    public long Sent { get; private set; }

    /// <summary>The status lets no body follow, so none is sent, whatever the origin says (RFC 9110 §6.4.1, §15.3.6).</summary>
    public bool TakesBody { get; private set; }

    private bool IsHttp11 => HttpProtocol.IsHttp11(context.Request.Protocol);

    /// <summary>Puts the head together; it leaves with the first bytes or with <see cref="SendHeadAsync"/>.</summary>
    /// <param name="length">Content-Length; null for none.</param>
    public void SetHead(int status, string reason, Fields fields, long? length)
    {
        var response = context.Response;
        response.StatusCode = status;
        // Left alone when empty, so that HTTP/1.1 clients of an h2 origin see the usual words.
        if (reason.Length > 0) context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = reason;
        MessageFields.ToClient(fields, response.Headers);
        // RFC 9110 §8.6: a 204 carries no Content-Length.
        if (status is not (204 or 205)) response.ContentLength = length;
        TakesBody = context.Request.Method != "HEAD" && status is not (204 or 205 or 304);
        _promised = length;
        _chunked = TakesBody && length is null && IsHttp11;
        if (_chunked) response.Headers.TransferEncoding = "chunked";
    }

    /// <summary>
    /// The head leaves now: Kestrel's StartAsync would only put it into a buffer. One that nothing follows is the end, and leaves
    /// with <see cref="CompleteAsync"/>.
    /// </summary>
    public Task SendHeadAsync() =>
        TakesBody ? AttemptAsync(static (context, _) => context.Response.Body.FlushAsync(), default) : Task.CompletedTask;

    public Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        if (!TakesBody || IsGone) return Task.CompletedTask;
        Sent += bytes.Length;
        return _chunked
            ? AttemptAsync(WriteChunkAsync, bytes)
            : AttemptAsync(static (context, bytes) => context.Response.Body.WriteAsync(bytes).AsTask(), bytes);
    }

    /// <summary>The end of a whole answer.</summary>
    public async Task CompleteAsync(Fields trailers)
    {
        if (_chunked) await AttemptAsync((context, _) => WriteEndAsync(context, trailers), default);
        else if (!IsGone && context.Response.SupportsTrailers())
        {
            foreach (var (name, value) in trailers) context.Response.AppendTrailer(name, FieldValue.Sendable(value));
        }
        await AttemptAsync(static (context, _) => context.Response.CompleteAsync(), default);
    }

    /// <summary>
    /// The end of an answer that is not whole: never a clean one (BEHAVIOUR H11), and, as far as the protocol lets us, not
    /// before what was sent of it has arrived: a reset connection may lose what is still in flight.
    /// </summary>
    public async Task BreakAsync()
    {
        var fallsShort = _chunked || (TakesBody && _promised > Sent);
        if (!fallsShort || !IsHttp11 || context.Features.Get<IConnectionLifetimeNotificationFeature>() is not { } connection)
        {
            context.Abort();
            return;
        }
        // The connection ends after the last byte, before the last chunk or the promised length.
        connection.RequestClose();
        await SendHeadAsync();
    }

    private static async Task WriteChunkAsync(HttpContext context, ReadOnlyMemory<byte> bytes)
    {
        ChunkedCoding.WriteChunk(context.Response.BodyWriter, bytes.Span);
        await context.Response.BodyWriter.FlushAsync();
    }

    private static async Task WriteEndAsync(HttpContext context, Fields trailers)
    {
        ChunkedCoding.WriteEnd(context.Response.BodyWriter, trailers);
        await context.Response.BodyWriter.FlushAsync();
    }

    private async Task AttemptAsync(Func<HttpContext, ReadOnlyMemory<byte>, Task> send, ReadOnlyMemory<byte> bytes)
    {
        if (IsGone) return;
        try
        {
            await send(context, bytes);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            _gone = true;
        }
    }
}
