using System.Buffers;
using System.Text;
using Kache.Exchanges;

namespace Kache.Interception;

/// <summary>The head of a request for a tunnel (RFC 9110 §9.3.6).</summary>
/// <param name="Target">Null when it is not <c>host:port</c>.</param>
/// <param name="ProxyAuthorization">The field's value, or null.</param>
/// <param name="Length">Bytes of the head, its empty line included.</param>
internal sealed record ConnectRequest(Authority? Target, string? ProxyAuthorization, long Length)
{
    /// <summary>A longer head is refused: it holds a name, credentials and a user agent.</summary>
    public const int LongestHead = 64 * 1024;

    /// <returns>Null as long as the head has not ended.</returns>
    public static ConnectRequest? TryParse(in ReadOnlySequence<byte> input)
    {
        var reader = new SequenceReader<byte>(input);
        Authority? target = null;
        string? authorization = null;
        for (var first = true; reader.TryReadTo(out ReadOnlySequence<byte> bytes, (byte)'\n'); )
        {
            var line = Encoding.Latin1.GetString(bytes).TrimEnd('\r');
            if (first && line.Length == 0) continue;
            if (first) target = ParseTarget(line);
            else if (line.Length == 0) return new ConnectRequest(target, authorization, reader.Consumed);
            else authorization ??= ValueOf(line, "proxy-authorization");
            first = false;
        }
        return null;
    }

    private static Authority? ParseTarget(string line)
    {
        // A tunnel has no default port: 0 shows that none was given.
        return line.Split(' ') is ["CONNECT", var target, var version] && version.StartsWith("HTTP/1.", StringComparison.Ordinal)
            && Authority.TryParse(target, 0, out var authority) && authority.Port != 0
            ? authority
            : null;
    }

    private static string? ValueOf(string line, string name)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && line.AsSpan(0, colon).Equals(name, StringComparison.OrdinalIgnoreCase) ? line[(colon + 1)..].Trim() : null;
    }
}
