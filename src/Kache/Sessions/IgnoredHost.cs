using Microsoft.AspNetCore.Http.Features;

namespace Kache.Sessions;

/// <summary>The answer to a request to a host on the ignore list (BEHAVIOUR C10): the same in both modes, so that a build does the same.</summary>
internal static class IgnoredHost
{
    /// <summary>How the session's log calls it.</summary>
    public const string Step = "ignored";

    // As a miss: clients fail at once on it, and do not take it for the origin's word.
    public const int Status = 424;

    private const string Text = "kache: this host is on the ignore list: nothing is asked of it, recorded or counted.\n";

    public static async Task SendAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = "Ignored Host";
        response.Headers["proxy-status"] = "kache; error=http_request_denied; details=\"ignored_host\"";
        response.ContentType = "text/plain; charset=utf-8";
        response.ContentLength = Text.Length;
        if (context.Request.Method != "HEAD") await response.WriteAsync(Text, context.RequestAborted);
    }
}
