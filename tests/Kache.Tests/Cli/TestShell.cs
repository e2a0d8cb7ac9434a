using Kache.Cli;

namespace Kache.Tests.Cli;

/// <summary>A shell without a terminal, whose home is a folder of its own.</summary>
internal sealed class TestShell : IDisposable
{
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();
    private readonly Dictionary<string, string> _variables;

    public TestShell(string input = "", params (string Name, string Value)[] variables)
    {
        Home = Directory.CreateTempSubdirectory("kache-home-").FullName;
        _variables = new(StringComparer.Ordinal)
        {
            ["HOME"] = Home,
            ["KACHE_DATA"] = Path.Combine(Home, "data"),
        };
        foreach (var (name, value) in variables) _variables[name] = value;
        Shell = new Shell(new StringReader(input), _out, _error, _variables.GetValueOrDefault, TimeProvider.System);
    }

    public string Home { get; }

    public Shell Shell { get; init; }

    public string Out => _out.ToString();

    public string Error => _error.ToString();

    public Task<int> RunAsync(params string[] words) => CommandLine.RunAsync(words, Shell);

    public string Write(string name, string content)
    {
        var path = Path.Combine(Home, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);
}
