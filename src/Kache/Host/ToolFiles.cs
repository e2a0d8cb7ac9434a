using System.Text.RegularExpressions;

namespace Kache.Host;

/// <summary>Configuration files of tools that bring their own roots: global ones that we extend, and what all of them name.</summary>
internal sealed class ToolFiles(HostPaths paths, Func<string, string?> variable)
{
    private static readonly (string Path, Regex Key)[] Naming =
    [
        ("/etc/pip.conf", NamedRoots.Pip), ("/etc/xdg/pip/pip.conf", NamedRoots.Pip), ("~/.config/pip/pip.conf", NamedRoots.Pip), ("~/.pip/pip.conf", NamedRoots.Pip),
        ("/etc/npmrc", NamedRoots.Npm), ("/usr/etc/npmrc", NamedRoots.Npm), ("/usr/local/etc/npmrc", NamedRoots.Npm), ("~/.npmrc", NamedRoots.Npm),
        ("/etc/gitconfig", NamedRoots.Git), ("~/.gitconfig", NamedRoots.Git), ("~/.config/git/config", NamedRoots.Git),
        ("/etc/curlrc", NamedRoots.Curl), ("~/.curlrc", NamedRoots.Curl), ("~/.config/curlrc", NamedRoots.Curl),
        ("/etc/wgetrc", NamedRoots.Wget), ("~/.wgetrc", NamedRoots.Wget),
        ("~/.cargo/config.toml", NamedRoots.Cargo), ("~/.cargo/config", NamedRoots.Cargo),
        ("~/.yarnrc.yml", NamedRoots.Yarn), ("~/.yarnrc", NamedRoots.Yarn), ("~/.gemrc", NamedRoots.Gem), ("/etc/gemrc", NamedRoots.Gem),
    ];

    // Where Node is installed by packages, by hand, by version managers: npm's global configuration is beside it.
    private static readonly string[] NodePrefixes =
        ["/usr", "/usr/local", "/opt/*", "/root/.nvm/versions/node/*", "/home/*/.nvm/versions/node/*", "/root/.asdf/installs/nodejs/*", "/home/*/.asdf/installs/nodejs/*"];

    private const string DebianNpm = "/usr/share/nodejs/npm";

    public IEnumerable<string> NamedFiles() =>
        Naming.SelectMany(naming => Files(naming.Path).SelectMany(file => NamedRoots.Of(TextLines.Read(SafeFile.Read(file.Path)), naming.Key).Select(named => (named, file.Home))))
            .Select(found => found.named.StartsWith('/') ? paths.At(found.named) : found.named.StartsWith("~/", StringComparison.Ordinal) ? found.Home + found.named[1..] : null)
            .OfType<string>();

    /// <summary>Files to extend, there or not, where their tool is.</summary>
    public IEnumerable<PlannedFile> Find()
    {
        if (HasProgram("pip") || HasProgram("pip3") || HasProgram("python3")) yield return Planned("/etc/pip.conf", EditKind.Pip);
        if (paths.Find(DebianNpm).Any()) yield return Planned("/etc/npmrc", EditKind.Npm);
        foreach (var node in NodePrefixes.SelectMany(prefix => paths.Find($"{prefix}/bin/node")))
            yield return Planned(paths.Told(Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(node))!, "etc/npmrc")), EditKind.Npm);
        if (HasProgram("uv")) yield return Planned("/etc/uv/uv.toml", EditKind.Uv);
    }

    public bool HasNode => HasProgram("node") || NodePrefixes.Any(prefix => paths.Find($"{prefix}/bin/node").Any());

    private PlannedFile Planned(string path, EditKind kind) => new(paths.Real(paths.At(path)), new Edit(kind));

    private bool HasProgram(string name) =>
        (variable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Where(folder => folder.StartsWith('/')).Select(paths.At)
            .Concat(paths.Find("/usr/bin")).Concat(paths.Find("/usr/local/bin")).Concat(paths.Homes.SelectMany(home => new[] { $"{home}/.local/bin", $"{home}/.cargo/bin" }))
            .Any(folder => File.Exists(Path.Combine(folder, name)));

    private IEnumerable<(string Path, string Home)> Files(string pattern)
    {
        if (!pattern.StartsWith('~')) return [(paths.At(pattern), "")];
        return paths.Homes.Select(home => (home + pattern[1..], home));
    }
}
