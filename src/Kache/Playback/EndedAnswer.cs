using Microsoft.AspNetCore.Http;

namespace Kache.Playback;

/// <summary>To a request that comes after the session was asked to end (BEHAVIOUR H26). Not a miss: nobody looked.</summary>
internal static class EndedAnswer
{
    private const string Text = "kache: this playback session is being stopped and takes no new requests.\n";

    public static Task SendAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.Headers.Connection = "close";
        response.Headers["proxy-status"] = "kache; error=proxy_internal_response; details=\"session_ending\"";
        response.ContentType = "text/plain; charset=utf-8";
        response.ContentLength = Text.Length;
        return context.Request.Method == "HEAD" ? Task.CompletedTask : response.WriteAsync(Text, context.RequestAborted);
    }
}
