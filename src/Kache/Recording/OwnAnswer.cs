using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Kache.Exchanges;
using Kache.Upstream;
using Microsoft.AspNetCore.Http.Features;

namespace Kache.Recording;

/// <summary>An answer that is Kache's and not the origin's: status, Proxy-Status (RFC 9209) and a sentence for a person.</summary>
internal sealed record OwnAnswer(int Status, string Reason, string Token, string Details)
{
    public static OwnAnswer Of(UpstreamException failure) =>
        new(failure.Failure.Status(), ReasonOf(failure.Failure.Status()), failure.Failure.Token(), failure.Message);

    public static OwnAnswer Full(string why) =>
        new(507, "Insufficient Storage", "proxy_internal_error", $"Kache cannot record this: {why} Make room on the server's disk and try again.");

    public static OwnAnswer Draining { get; } =
        new(503, "Service Unavailable", "proxy_internal_response", "This recording is being stopped and takes no new requests.");

    public static OwnAnswer Unsendable(string details) => new(501, "Not Implemented", "proxy_internal_response", details);

    public ReadOnlyMemory<byte> Body => Encoding.UTF8.GetBytes(
        $"kache: {Status} {Reason} ({Token})\n{Details}\nThis answer is Kache's own: the origin did not send it.\n");

    public Fields Fields(long length) => new(ImmutableArray.Create(
        new Field("content-type", "text/plain; charset=utf-8"),
        new Field("content-length", length.ToString(CultureInfo.InvariantCulture)),
        new Field("cache-control", "no-store"),
        new Field("proxy-status", $"kache; error={Token}; details={Quoted(Details)}")));

    public async Task SendAsync(HttpContext context)
    {
        var response = context.Response;
        var body = Body;
        response.StatusCode = Status;
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = Reason;
        MessageFields.ToClient(Fields(body.Length), response.Headers);
        response.ContentLength = body.Length;
        if (context.Request.Method != "HEAD") await response.Body.WriteAsync(body);
    }

    private static string ReasonOf(int status) => status switch
    {
        504 => "Gateway Timeout",
        508 => "Loop Detected",
        _ => "Bad Gateway",
    };

    /// <summary>RFC 8941 §3.3.3: printable ASCII only.</summary>
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
        {
            if (c is '"' or '\\') quoted.Append('\\');
            quoted.Append(c is >= ' ' and <= '~' ? c : '?');
        }
        return quoted.Append('"').ToString();
    }
}
