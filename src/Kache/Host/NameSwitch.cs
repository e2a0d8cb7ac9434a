namespace Kache.Host;

/// <summary>
/// The hosts line of nsswitch.conf (nsswitch.conf(5)). Pure. A module that finds names without resolv.conf goes around Kache;
/// those that know nothing but this machine's own names stay.
/// </summary>
internal static class NameSwitch
{
    private const string Database = "hosts:";

    // files: /etc/hosts. myhostname, mymachines: this machine and its containers.
    private static readonly HashSet<string> Harmless = new(["files", "myhostname", "mymachines", "dns"], StringComparer.Ordinal);

    public static bool GoesAround(string text) => TextLines.Split(text).Where(IsHosts).Any(line => Replaced(line) != line.Trim());

    public static IReadOnlyList<string> Modules(string text) =>
        [.. TextLines.Split(text).Where(IsHosts).SelectMany(line => Words(line)).Where(word => !word.StartsWith('['))];

    public static string Apply(string original)
    {
        if (!GoesAround(original)) return original;
        return TextLines.Join(TextLines.Split(original).Select(line => IsHosts(line) ? Replaced(line) : line));
    }

    public static string Remove(string current, string original)
    {
        var was = TextLines.Split(original).Where(IsHosts).ToList();
        if (current == Apply(original)) return original;
        return TextLines.Join(TextLines.Split(current).Select(line => was.Find(old => Replaced(old) == line) ?? line));
    }

    private static bool IsHosts(string line) => line.TrimStart().StartsWith(Database, StringComparison.Ordinal);

    private static string Replaced(string line)
    {
        var kept = Words(line).Where(Harmless.Contains).Distinct(StringComparer.Ordinal).ToList();
        var whole = Words(line).All(Harmless.Contains) && kept.Contains("dns");
        if (whole) return line.Trim();
        if (!kept.Contains("dns")) kept.Add("dns");
        return $"{Database,-15} {string.Join(' ', kept)}";
    }

    /// <summary>Modules and their [STATUS=action] rules, without a comment.</summary>
    private static string[] Words(string line)
    {
        var text = line.TrimStart()[Database.Length..];
        var comment = text.IndexOf('#', StringComparison.Ordinal);
        return (comment < 0 ? text : text[..comment]).Replace("[", " [", StringComparison.Ordinal).Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
    }
}
