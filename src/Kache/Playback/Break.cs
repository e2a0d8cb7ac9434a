using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Kache.Playback;

/// <summary>
/// Ends a response so that no client can take it for whole, and, as far as the protocol lets us, not before what
/// was kept of it has arrived: a reset connection may lose what is still in flight.
/// </summary>
internal static class Break
{
    /// <param name="beginning">Writes what was kept.</param>
    /// <param name="promised">Content-Length in the head, if any.</param>
    /// <param name="kept">How much <paramref name="beginning"/> writes at most.</param>
    public static async ValueTask<long> AfterAsync(
        HttpContext context, Func<PipeWriter, CancellationToken, Task<long>> beginning, long? promised, long kept, CancellationToken aborted)
    {
        var response = context.Response;
        if (!HttpProtocol.IsHttp11(context.Request.Protocol) || promised <= kept)
        {
            // h2 hands each flush to the connection before it returns; HTTP/1.0 has nothing but the reset.
            var sent = await beginning(response.BodyWriter, aborted);
            await response.BodyWriter.FlushAsync(aborted);
            context.Abort();
            return sent;
        }
        // The connection ends after the last byte, before the promised length or the last chunk.
        response.Headers.Connection = "close";
        if (promised is null)
        {
            response.Headers.TransferEncoding = "chunked";
            return await ChunkedBody.CopyAsync(beginning, response.BodyWriter, trailers: null, aborted);
        }
        await response.StartAsync(aborted);
        return await beginning(response.BodyWriter, aborted);
    }
}
