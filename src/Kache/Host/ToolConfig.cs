namespace Kache.Host;

/// <summary>
/// Configuration of tools that bring their own roots: a line that names the system's file of roots. Pure. A file that names
/// roots already is left alone; the file that it names gets our certificate instead (<see cref="NamedRoots"/>).
/// </summary>
internal static class ToolConfig
{
    private const string PipSection = "[global]";

    public static string ApplyPip(string original, HostFacts facts)
    {
        if (facts.Bundle is null || NamedRoots.Of(original, NamedRoots.Pip).Count > 0) return original;
        var lines = TextLines.Split(original);
        var section = lines.FindIndex(line => line.Trim() == PipSection);
        if (section >= 0) lines.InsertRange(section + 1, Marked(PipLine(facts), facts));
        else lines.AddRange(Marked(PipSection, facts).Append(PipLine(facts)));
        return TextLines.Join(lines);
    }

    public static string RemovePip(string current, string original, HostFacts facts)
    {
        var text = RemoveLine(current, original, PipLine(facts), facts, ApplyPip);
        if (text == current || text == original || original.Contains(PipSection, StringComparison.Ordinal)) return text;
        // The section was ours too, unless somebody put something into it.
        var lines = TextLines.Split(text);
        var section = lines.FindIndex(line => line.Trim() == PipSection);
        if (section >= 0 && (section + 1 == lines.Count || lines[section + 1].StartsWith('['))) lines.RemoveAt(section);
        return TextLines.Join(lines);
    }

    public static string ApplyNpm(string original, HostFacts facts)
    {
        if (facts.Bundle is null || NamedRoots.Of(original, NamedRoots.Npm).Count > 0) return original;
        return TextLines.Join(TextLines.Split(original).Concat(Marked(NpmLine(facts), facts)));
    }

    public static string RemoveNpm(string current, string original, HostFacts facts) =>
        RemoveLine(current, original, NpmLine(facts), facts, ApplyNpm);

    /// <summary>uv brings its own roots and is told to use the system's; a key at the top, before any table of the TOML.</summary>
    public static string ApplyUv(string original, HostFacts facts)
    {
        if (TextLines.Split(original).Exists(line => line.TrimStart().StartsWith("native-tls", StringComparison.Ordinal) || line.TrimStart().StartsWith("system-certs", StringComparison.Ordinal))) return original;
        return TextLines.Join(Marked(UvLine, facts).Concat(TextLines.Split(original)));
    }

    public static string RemoveUv(string current, string original, HostFacts facts) =>
        RemoveLine(current, original, UvLine, facts, ApplyUv);

    private const string UvLine = "native-tls = true";

    private static string PipLine(HostFacts facts) => $"cert = {facts.Bundle}";

    private static string NpmLine(HostFacts facts) => $"cafile={facts.Bundle}";

    private static IEnumerable<string> Marked(string line, HostFacts facts) => [TextLines.Mark + facts.Title, line];

    private static string RemoveLine(string current, string original, string ours, HostFacts facts, Func<string, HostFacts, string> apply)
    {
        var applied = apply(original, facts);
        if (applied == original) return current;
        if (current == applied) return original;
        // Tools that rewrite their file drop the comment and keep the line.
        return TextLines.Join(TextLines.Split(current).Where(line => !TextLines.IsMark(line) && line.Trim() != ours));
    }
}
