using System.Net;

namespace Kache.Upstream.Resolving;

/// <summary>The resolvers that a resolv.conf(5) names. Search suffixes are not ours to apply (BEHAVIOUR N3). Pure.</summary>
internal static class ResolvConf
{
    public const string Path = "/etc/resolv.conf";

    private const int DnsPort = 53;

    // What the C libraries read (MAXNS).
    private const int Most = 3;

    public static IReadOnlyList<IPEndPoint> Parse(string text)
    {
        var resolvers = new List<IPEndPoint>();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var words = line.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0] != "nameserver" || !IPAddress.TryParse(words[1], out var address)) continue;
            var resolver = new IPEndPoint(address, DnsPort);
            if (resolvers.Count < Most && !resolvers.Contains(resolver)) resolvers.Add(resolver);
        }
        // With none named, the C libraries ask this machine.
        return resolvers.Count > 0 ? resolvers : [new IPEndPoint(IPAddress.Loopback, DnsPort)];
    }
}
