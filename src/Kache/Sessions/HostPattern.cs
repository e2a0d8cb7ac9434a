using System.Diagnostics.CodeAnalysis;
using Kache.Exchanges;

namespace Kache.Sessions;

/// <summary>What names hosts in options and configuration: a host, or a suffix that begins with a dot and stands for every name below it. Pure.</summary>
internal static class HostPattern
{
    /// <returns>False for anything else.</returns>
    /// <param name="pattern">As hosts are compared with: lower case, an IPv6 literal without its brackets.</param>
    public static bool TryParse(string word, [NotNullWhen(true)] out string? pattern)
    {
        pattern = null;
        var suffix = word.StartsWith('.');
        var host = Authority.NormalizeHost(suffix ? word[1..] : word);
        if (!Authority.TryParse(host, 443, out var authority) || authority.Host != host) return false;
        pattern = (suffix ? "." : "") + authority.DialName;
        return true;
    }

    public static bool Matches(string pattern, string host) => pattern.StartsWith('.')
        ? host.EndsWith(pattern, StringComparison.OrdinalIgnoreCase)
        : host.Equals(pattern, StringComparison.OrdinalIgnoreCase);
}
