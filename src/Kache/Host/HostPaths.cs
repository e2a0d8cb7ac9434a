namespace Kache.Host;

/// <summary>Where things are on the machine that is changed. Symlinks are followed within <paramref name="root"/>.</summary>
/// <param name="root">Empty for the machine itself; a folder that stands for one in tests.</param>
internal sealed class HostPaths(string root = "")
{
    // What Linux itself gives up after (path_resolution(7)).
    private const int MostLinks = 40;

    public string Root { get; } = root.TrimEnd('/');

    /// <summary>What must survive a reboot: the journal, and copies of files that were changed in place. Root only.</summary>
    public string State => At("/var/lib/kache-host");

    public string Journal => Path.Combine(State, "journal.json");

    public string Lock => Path.Combine(State, "lock");

    /// <summary>What may vanish at a reboot together with the mounts that show it: world-readable, nothing in it is secret.</summary>
    public string Runtime => At("/run/kache/host");

    /// <summary>resolv.conf as it was before start, for a server on this machine that is restarted meanwhile (BEHAVIOUR N5).</summary>
    public string ResolversBefore => Path.Combine(Runtime, "resolv.conf");

    public string At(string path) => Root + path;

    /// <summary>The path as the machine's own programs name it.</summary>
    public string Told(string path) => Root.Length > 0 && path.StartsWith(Root + "/", StringComparison.Ordinal) ? path[Root.Length..] : path;

    /// <summary>Follows every symlink, also where the last one leads nowhere.</summary>
    public string Real(string path)
    {
        var left = new Stack<string>(Told(path).Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var done = "";
        for (var links = 0; left.TryPop(out var part);)
        {
            if (part == ".") continue;
            if (part == "..")
            {
                done = done.LastIndexOf('/') is > 0 and var slash ? done[..slash] : "";
                continue;
            }
            var next = $"{done}/{part}";
            if (new FileInfo(At(next)).LinkTarget is not { } target)
            {
                done = next;
                continue;
            }
            if (++links > MostLinks) throw new HostException($"{path} leads through too many symlinks.");
            if (target.StartsWith('/')) done = "";
            foreach (var step in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse()) left.Push(step);
        }
        return At(done.Length == 0 ? "/" : done);
    }

    /// <summary>Paths that exist and fit a pattern in which a whole part may be <c>*</c> or contain it.</summary>
    public IEnumerable<string> Find(string pattern)
    {
        IEnumerable<string> found = [At("")];
        foreach (var part in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            found = part.Contains('*', StringComparison.Ordinal)
                ? found.SelectMany(folder => Entries(folder, part))
                : found.Select(folder => $"{folder}/{part}");
        }
        return found.Where(path => File.Exists(path) || Directory.Exists(path));
    }

    /// <summary>Homes of the people who may have shells open here.</summary>
    public IEnumerable<string> Homes => Find("/root").Concat(Find("/home/*"));

    private static IEnumerable<string> Entries(string folder, string part)
    {
        try
        {
            return Directory.Exists(folder.Length == 0 ? "/" : folder)
                ? [.. Directory.EnumerateFileSystemEntries(folder.Length == 0 ? "/" : folder, part).Order(StringComparer.Ordinal)]
                : [];
        }
        catch (UnauthorizedAccessException)
        {
            // Root is refused on some network file systems: what we cannot see we cannot change.
            return [];
        }
    }
}
