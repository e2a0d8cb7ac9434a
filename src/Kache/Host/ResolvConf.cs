using System.Net;

namespace Kache.Host;

/// <summary>resolv.conf (resolv.conf(5)) with other nameservers. Pure. Search list and options stay as they were.</summary>
internal static class ResolvConf
{
    private const string Keyword = "nameserver";

    // resolv.conf(5): without a nameserver line, the one on the local machine is asked.
    private static readonly IPAddress Unnamed = IPAddress.Loopback;

    public static IReadOnlyList<IPAddress> Nameservers(string text)
    {
        var named = TextLines.Split(text).Select(NameserverOf).OfType<IPAddress>().ToList();
        return named.Count > 0 ? named : [Unnamed];
    }

    public static string Apply(string original, HostFacts facts)
    {
        var lines = TextLines.Split(original);
        var at = lines.FindIndex(line => NameserverOf(line) is not null);
        var others = lines.Where(line => NameserverOf(line) is null).ToList();
        others.InsertRange(at < 0 ? others.Count : lines.Take(at).Count(line => NameserverOf(line) is null), Ours(facts));
        return TextLines.Join(others);
    }

    /// <summary>What is left when our lines go: the original ones stand in their place again, unless others named nameservers meanwhile.</summary>
    public static string Remove(string current, string original, HostFacts facts)
    {
        var applied = Apply(original, facts);
        if (current.StartsWith(applied, StringComparison.Ordinal)) return original + (original.EndsWith('\n') || original.Length == 0 || current.Length == applied.Length ? "" : "\n") + current[applied.Length..];
        var ours = facts.Nameservers.Select(n => $"{Keyword} {n}").ToHashSet(StringComparer.Ordinal);
        var lines = TextLines.Split(current);
        var first = lines.FindIndex(line => IsOurs(line, ours));
        if (first < 0) return current;
        var left = lines.Where(line => !IsOurs(line, ours)).ToList();
        if (!left.Exists(line => NameserverOf(line) is not null))
            left.InsertRange(first, TextLines.Split(original).Where(line => NameserverOf(line) is not null));
        return TextLines.Join(left);
    }

    private static IEnumerable<string> Ours(HostFacts facts) =>
        facts.Nameservers.Select(n => $"{Keyword} {n}").Prepend(TextLines.Mark + facts.Title);

    private static bool IsOurs(string line, HashSet<string> ours) => TextLines.IsMark(line) || ours.Contains(line.Trim());

    private static IPAddress? NameserverOf(string line)
    {
        // The keyword has to start the line; # and ; in the first column make a comment.
        if (!line.StartsWith(Keyword, StringComparison.Ordinal)) return null;
        var words = line[Keyword.Length..].Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 0 && line.Length > Keyword.Length && line[Keyword.Length] is ' ' or '\t' && IPAddress.TryParse(words[0], out var address) ? address : null;
    }
}
