using Kache.Sessions;

namespace Kache.Cli.Settings;

/// <param name="Source">Where it was said, for messages: a file and line, a variable, an option.</param>
internal sealed record Setting(string Source, IReadOnlyList<string> Words);

/// <summary>
/// What was said about each setting, the last one to say it winning: /etc/kache/kache.toml (or <c>--config</c>),
/// $XDG_CONFIG_HOME/kache/kache.toml, KACHE_… in the environment, options. Names are those of options without dashes in front.
/// </summary>
internal sealed class LayeredSettings
{
    public const string SystemFile = "/etc/kache/kache.toml";

    /// <summary>Every name that a configuration file may have.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        "data", "server", "listen", "advertise", "dns-port", "http-port", "https-port", "port", "proxy-port", "api-port",
        "upstream-dns", "upstream-ca", "upstream-proxy", "ca-cert", "ca-key", "playback-only", "log-level",
    ];

    /// <summary>Those that take several values.</summary>
    private static readonly HashSet<string> Lists = new(StringComparer.Ordinal) { "listen", "advertise", "port", "upstream-dns", "upstream-ca" };

    private readonly Dictionary<string, Setting> _settings = new(StringComparer.Ordinal);
    private readonly RuleTables _rules = new();

    /// <summary>What the files say of hosts.</summary>
    public SessionRules Rules => _rules.Rules;

    /// <summary>What is wrong with the files themselves.</summary>
    public List<string> Mistakes { get; } = [];

    /// <param name="configFile">Read instead of the system's and the user's; it must exist.</param>
    public static LayeredSettings Load(Func<string, string?> variable, string? configFile)
    {
        var settings = new LayeredSettings();
        if (configFile is not null)
        {
            if (File.Exists(configFile)) settings.AddFile(configFile);
            else settings.Mistakes.Add($"The configuration file {configFile} does not exist.");
        }
        else
        {
            foreach (var file in new[] { SystemFile, Path.Combine(Folders.Configuration(variable), "kache.toml") })
                if (File.Exists(file)) settings.AddFile(file);
        }
        foreach (var name in Names)
        {
            var key = VariableFor(name);
            if (variable(key) is not { Length: > 0 } value) continue;
            // Lists are separated by commas; a folder or a password may hold one.
            settings._settings[name] = new Setting(
                key, Lists.Contains(name) ? value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [value]);
        }
        return settings;
    }

    public static string VariableFor(string name) => "KACHE_" + name.Replace('-', '_').ToUpperInvariant();

    /// <summary>An option of the command line; says nothing when it was not given.</summary>
    public void AddOption(string name, IReadOnlyList<string>? words)
    {
        if (words is { Count: > 0 }) _settings[name] = new Setting("--" + name, words);
    }

    public Setting? Find(string name) => _settings.GetValueOrDefault(name);

    /// <summary>The only word of a setting; a mistake when there are several.</summary>
    public string? Single(string name)
    {
        var setting = Find(name);
        if (setting is null || setting.Words.Count == 0) return null;
        if (setting.Words.Count > 1) Mistakes.Add($"{setting.Source}: '{name}' takes one value, and has {setting.Words.Count}.");
        return setting.Words[^1];
    }

    private void AddFile(string file)
    {
        foreach (var (name, setting) in SettingsFile.Read(file, File.ReadAllText(file), _rules, Mistakes))
        {
            if (Names.Contains(name)) _settings[name] = setting;
            else Mistakes.Add($"{setting.Source}: '{name}' is not a setting. Known are: {string.Join(", ", Names)}.");
        }
    }
}
