using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Kache.Exchanges;

/// <summary>
/// Host and port that a request was sent to. The host is lower case, without a trailing dot,
/// IPv6 literals in brackets. Written <c>host:port</c>, the port always there.
/// </summary>
internal readonly record struct Authority(string Host, int Port)
{
    /// <summary>The host without brackets, as a socket or a resolver wants it.</summary>
    public string DialName => Host.StartsWith('[') ? Host[1..^1] : Host;

    public static string NormalizeHost(string host)
    {
        var name = host.TrimEnd('.').ToLowerInvariant();
        return name.Contains(':', StringComparison.Ordinal) && !name.StartsWith('[') ? $"[{name}]" : name;
    }

    /// <summary>Parses <c>host</c>, <c>host:port</c>, <c>[v6]</c> and <c>[v6]:port</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, int defaultPort, out Authority authority)
    {
        authority = default;
        if (string.IsNullOrEmpty(text) || text.AsSpan().ContainsAny(" /\\@?#\t\r\n")) return false;
        var hostEnd = text.StartsWith('[') ? text.IndexOf(']', StringComparison.Ordinal) + 1 : text.IndexOf(':', StringComparison.Ordinal);
        if (text.StartsWith('[') && (hostEnd == 0 || !IsLiteral(text.AsSpan(1, hostEnd - 2)))) return false;
        if (hostEnd < 0) hostEnd = text.Length;
        var port = defaultPort;
        if (hostEnd < text.Length)
        {
            if (text[hostEnd] != ':') return false;
            var digits = text.AsSpan(hostEnd + 1);
            if (digits.Length > 0 && (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535)) return false;
        }
        if (hostEnd == 0) return false;
        authority = new Authority(NormalizeHost(text[..hostEnd]), port);
        return authority.Host.Length > 0;
    }

    // RFC 3986 §3.2.2: brackets hold an IPv6 address and nothing else.
    private static bool IsLiteral(ReadOnlySpan<char> text) => text.Contains(':') && IPAddress.TryParse(text, out _);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
