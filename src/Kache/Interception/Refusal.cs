using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Kache.Interception;

/// <summary>Why a request is not taken at all: before any session has seen it. Tokens are in docs/errors.md.</summary>
internal sealed record Refusal(int Status, string Reason, string Token, string Message)
{
    public static Refusal NoSession { get; } = new(403, "Forbidden", "no_session",
        "Your address has no session here. Open one with 'kache start' or 'kache session open'.");

    public static Refusal NoCredentials { get; } = new(407, "Proxy Authentication Required", "no_session",
        "This proxy needs a session: its URL is http://SESSION:SECRET@HOST:PORT, as 'kache session open' prints it.");

    public static Refusal WrongSession { get; } = new(407, "Proxy Authentication Required", "unknown_session",
        "There is no such session, or the secret is another. 'kache session ls' lists those that run; 'kache session open' opens one.");

    public static Refusal OtherSession { get; } = new(403, "Forbidden", "other_session",
        "This connection belongs to another session. Open a new connection for each session.");

    public static Refusal Ending { get; } = new(503, "Service Unavailable", "session_ending",
        "This session is being stopped and takes no new requests.");

    public static Refusal BadConnect { get; } = new(400, "Bad Request", "bad_request",
        "CONNECT needs a host and a port: 'CONNECT host:443 HTTP/1.1'.");

    public static Refusal NoHost { get; } = new(400, "Bad Request", "bad_request",
        "The request names no host: neither SNI nor Host nor its target says where it should go.");

    public static Refusal NotAProxyRequest { get; } = new(400, "Bad Request", "bad_request",
        "This port is an explicit proxy: ask for absolute URLs, or CONNECT. Transparent traffic goes to the HTTP and HTTPS ports.");

    public static Refusal Loop { get; } = new(508, "Loop Detected", "proxy_loop_detected",
        "The request is for Kache itself.");

    public static Refusal ServersOwn { get; } = new(403, "Forbidden", "servers_own",
        "A loopback address is the client's own: what listens there on Kache's machine is not for other machines. Ask for it without the proxy (NO_PROXY=localhost,127.0.0.1,::1).");

    public static Refusal Broken { get; } = new(500, "Internal Server Error", "proxy_internal_error",
        "Something unexpected happened in Kache; the server's log says what.");

    public static Refusal ControlCharacter(string field) => new(400, "Bad Request", "bad_request",
        $"The field '{field}' holds a control character.");

    private string Body => $"kache: {Status} {Reason} ({Token})\n{Message}\n";

    private string ProxyStatus => $"kache; error={RegisteredError}; details=\"{Token}\"";

    // RFC 9209 §2.3: the registered error types that fit; ours is the detail.
    private string RegisteredError => Token switch
    {
        "proxy_loop_detected" or "proxy_internal_error" => Token,
        "bad_request" => "http_request_error",
        "session_ending" => "proxy_internal_response",
        _ => "http_request_denied",
    };

    /// <summary>For a connection that speaks HTTP/1.1 and is closed afterwards.</summary>
    public string ToHttp11()
    {
        var body = Body;
        var challenge = Status == 407 ? "Proxy-Authenticate: Basic realm=\"kache\"\r\n" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"HTTP/1.1 {Status} {Reason}\r\n{challenge}Proxy-Status: {ProxyStatus}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}");
    }

    public async Task SendAsync(HttpContext context)
    {
        var response = context.Response;
        var body = Encoding.UTF8.GetBytes(Body);
        response.StatusCode = Status;
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = Reason;
        if (Status == 407) response.Headers.ProxyAuthenticate = "Basic realm=\"kache\"";
        response.Headers["proxy-status"] = ProxyStatus;
        response.Headers.CacheControl = "no-store";
        response.Headers.Connection = "close";
        response.ContentType = "text/plain; charset=utf-8";
        response.ContentLength = body.Length;
        if (context.Request.Method != "HEAD") await response.Body.WriteAsync(body, context.RequestAborted);
    }
}
