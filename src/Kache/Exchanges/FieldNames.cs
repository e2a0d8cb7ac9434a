using System.Text;

namespace Kache.Exchanges;

/// <summary>Names that nearly every message has, so that a hundred thousand decoded exchanges share them.</summary>
internal static class FieldNames
{
    private const int LongestShared = 32;

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Known = new HashSet<string>(StringComparer.Ordinal)
    {
        "accept", "accept-encoding", "accept-language", "accept-ranges", "access-control-allow-origin", "age", "alt-svc",
        "authorization", "cache-control", "cf-cache-status", "cf-ray", "connection", "content-disposition", "content-encoding",
        "content-length", "content-security-policy", "content-type", "cookie", "date", "etag", "expires", "host", "if-modified-since",
        "if-none-match", "last-modified", "link", "location", "nel", "npm-command", "origin", "pragma", "range", "referer",
        "report-to", "retry-after", "server", "server-timing", "set-cookie", "strict-transport-security", "timing-allow-origin",
        "transfer-encoding", "user-agent", "vary", "via", "www-authenticate", "x-cache", "x-cache-hits", "x-content-type-options",
        "x-frame-options", "x-request-id", "x-served-by", "x-timer", "x-xss-protection",
    }.GetAlternateLookup<ReadOnlySpan<char>>();

    public static string Shared(ReadOnlySpan<byte> name)
    {
        if (name.Length > LongestShared) return Encoding.Latin1.GetString(name);
        Span<char> text = stackalloc char[LongestShared];
        text = text[..Encoding.Latin1.GetChars(name, text)];
        return Known.TryGetValue(text, out var known) ? known : new string(text);
    }
}
