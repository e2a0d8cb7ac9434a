using System.Net;

namespace Kache.Upstream.Resolving;

/// <summary>/etc/hosts: names that are known without asking (BEHAVIOUR N5). Pure.</summary>
internal static class HostsFile
{
    public const string Path = "/etc/hosts";

    public static IReadOnlyDictionary<string, IReadOnlyList<IPAddress>> Parse(string text)
    {
        var hosts = new Dictionary<string, List<IPAddress>>(StringComparer.Ordinal);
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var words = WithoutComment(line).ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !IPAddress.TryParse(words[0], out var address)) continue;
            foreach (var name in words.Skip(1))
            {
                var key = name.TrimEnd('.').ToLowerInvariant();
                if (!hosts.TryGetValue(key, out var addresses)) hosts[key] = addresses = [];
                if (!addresses.Contains(address)) addresses.Add(address);
            }
        }
        return hosts.ToDictionary(h => h.Key, h => (IReadOnlyList<IPAddress>)h.Value, StringComparer.Ordinal);
    }

    private static ReadOnlySpan<char> WithoutComment(ReadOnlySpan<char> line) =>
        line.IndexOf('#') is >= 0 and var comment ? line[..comment] : line;
}
