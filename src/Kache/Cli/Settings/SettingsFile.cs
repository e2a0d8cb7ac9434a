using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Kache.Cli.Settings;

/// <summary>One kache.toml, read as names and lists of words; what they mean is their reader's. Tables are rules for hosts.</summary>
internal static class SettingsFile
{
    /// <param name="mistakes">Gets a sentence for each thing that is not a setting.</param>
    public static IReadOnlyDictionary<string, Setting> Read(string file, string content, RuleTables rules, ICollection<string> mistakes)
    {
        var settings = new Dictionary<string, Setting>(StringComparer.Ordinal);
        var document = SyntaxParser.Parse(content, file);
        foreach (var problem in document.Diagnostics.Where(d => d.Kind == DiagnosticMessageKind.Error))
            mistakes.Add($"{file}:{problem.Span.Start.Line + 1}: {problem.Message}");
        foreach (var table in document.Tables) rules.Add(file, table, mistakes);
        foreach (var line in document.KeyValues)
        {
            var source = $"{file}:{line.Span.Start.Line + 1}";
            var name = line.Key?.ToString().Trim() ?? "";
            if (line.Value is not null && TryWords(line.Value, out var words)) settings[name] = new Setting(source, words);
            else mistakes.Add($"{source}: '{name}' must be a string, a number, true or false, or a list of these.");
        }
        return settings;
    }

    public static bool TryWords(ValueSyntax value, out IReadOnlyList<string> words)
    {
        words = [];
        if (value is not ArraySyntax list)
        {
            if (Word(value) is not { } word) return false;
            words = [word];
            return true;
        }
        var items = new List<string>();
        foreach (var item in list.Items)
        {
            if (item.Value is null || Word(item.Value) is not { } word) return false;
            items.Add(word);
        }
        words = items;
        return true;
    }

    private static string? Word(ValueSyntax value) => value switch
    {
        StringValueSyntax text => text.Value,
        IntegerValueSyntax number => number.Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
        BooleanValueSyntax flag => flag.Value ? "true" : "false",
        _ => null,
    };
}
