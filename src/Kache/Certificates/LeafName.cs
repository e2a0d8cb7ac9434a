using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Kache.Certificates;

/// <summary>
/// What a leaf can be for: a DNS name (lower case, without a trailing dot) or an IP address. Pure.
/// Underscores are taken: names in the wild have them, and verifiers mostly do not mind.
/// </summary>
internal static class LeafName
{
    // RFC 1035 §2.3.4.
    private const int LongestName = 253;
    private const int LongestLabel = 63;

    /// <param name="text">As a client wrote it: in SNI, in Host or in CONNECT; brackets around IPv6 are taken off.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out string? name)
    {
        name = null;
        if (string.IsNullOrEmpty(text)) return false;
        var plain = text.StartsWith('[') && text.EndsWith(']') ? text[1..^1] : text;
        if (plain.Contains(':', StringComparison.Ordinal))
        {
            if (!IPAddress.TryParse(plain, out var address) || address.ScopeId != 0) return false;
            name = address.ToString();
            return true;
        }
        var lower = (plain.EndsWith('.') ? plain[..^1] : plain).ToLowerInvariant();
        if (lower.Length is 0 or > LongestName) return false;
        foreach (var label in lower.Split('.'))
        {
            if (label.Length is 0 or > LongestLabel || label.AsSpan().ContainsAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789-_")) return false;
        }
        name = lower;
        return true;
    }
}
