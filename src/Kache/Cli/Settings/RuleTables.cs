using Kache.Sessions;
using Tomlyn.Syntax;

namespace Kache.Cli.Settings;

/// <summary>
/// The tables of kache.toml, which say things of hosts: <c>[matching."HOST"]</c>, <c>[ignore]</c> and <c>[bypass]</c>. Those of
/// several files add up.
/// </summary>
internal sealed class RuleTables
{
    private readonly List<string> _bypass = [];
    private readonly List<string> _ignore = [];
    private readonly List<MatchingRule> _matching = [];

    public SessionRules Rules => new(_bypass, _ignore, _matching);

    /// <param name="mistakes">Gets a sentence for each thing that is not a rule.</param>
    public void Add(string file, TableSyntaxBase table, ICollection<string> mistakes)
    {
        var source = $"{file}:{table.Span.Start.Line + 1}";
        switch (NameOf(table))
        {
            case ["ignore"]:
                AddHosts(_ignore, file, table, mistakes);
                break;
            case ["bypass"]:
                AddHosts(_bypass, file, table, mistakes);
                break;
            case ["matching", var host]:
                AddMatching(host, source, file, table, mistakes);
                break;
            case ["matching"]:
                mistakes.Add($"{source}: [matching] needs a host: [matching.\"api.example\"], [matching.\".example\"] or [matching.\"*\"].");
                break;
            default:
                mistakes.Add($"{source}: [{table.Name?.ToString().Trim()}] is not known. There are [matching.\"HOST\"], [ignore] and [bypass]; settings stand before all tables.");
                break;
        }
    }

    private static void AddHosts(List<string> hosts, string file, TableSyntaxBase table, ICollection<string> mistakes)
    {
        foreach (var (name, words, source) in Lists(file, table, ["hosts"], mistakes))
        {
            foreach (var word in words)
            {
                if (HostPattern.TryParse(word, out var pattern)) hosts.Add(pattern);
                else mistakes.Add($"{source}: {name}: '{word}' is not a host ('internal.example') or a suffix ('.internal.example').");
            }
        }
    }

    private void AddMatching(string host, string source, string file, TableSyntaxBase table, ICollection<string> mistakes)
    {
        var pattern = host == MatchingRule.EveryHost ? host : HostPattern.TryParse(host, out var parsed) ? parsed : null;
        if (pattern is null) mistakes.Add($"{source}: '{host}' is not a host ('internal.example'), a suffix ('.internal.example') or \"*\".");
        var said = Lists(file, table, ["parameters", "body-fields"], mistakes).ToLookup(line => line.Name, line => line.Words);
        foreach (var word in said.SelectMany(line => line).SelectMany(words => words).Where(word => word.Length == 0 || word == "*"))
            mistakes.Add($"{source}: '{word}' names nothing. Write the names of parameters and fields.");
        if (pattern is not null) _matching.Add(new MatchingRule(pattern, [.. said["parameters"].SelectMany(words => words)], [.. said["body-fields"].SelectMany(words => words)]));
    }

    private static IEnumerable<(string Name, IReadOnlyList<string> Words, string Source)> Lists(
        string file, TableSyntaxBase table, string[] known, ICollection<string> mistakes)
    {
        foreach (var line in table.Items.OfType<KeyValueSyntax>())
        {
            var source = $"{file}:{line.Span.Start.Line + 1}";
            var name = line.Key?.ToString().Trim() ?? "";
            if (!known.Contains(name)) mistakes.Add($"{source}: '{name}' is not known in [{table.Name?.ToString().Trim()}]. Known are: {string.Join(", ", known)}.");
            else if (line.Value is null || !SettingsFile.TryWords(line.Value, out var words)) mistakes.Add($"{source}: '{name}' must be a string or a list of strings.");
            else yield return (name, words, source);
        }
    }

    private static List<string> NameOf(TableSyntaxBase table)
    {
        var names = new List<string>();
        if (table.Name is not { } name) return names;
        names.Add(Text(name.Key));
        foreach (var dotted in name.DotKeys) names.Add(Text(dotted.Key));
        return names;
    }

    private static string Text(BareKeyOrStringValueSyntax? key) => key switch
    {
        StringValueSyntax quoted => quoted.Value ?? "",
        BareKeySyntax bare => bare.Key?.Text ?? "",
        _ => "",
    };
}
