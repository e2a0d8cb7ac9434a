namespace Kache.Cli.Running;

/// <summary>A folder in which a tool keeps what it downloaded, so that it need not do so again.</summary>
internal sealed record KnownCache(string Tool, string Folder);

/// <summary>
/// Where package managers keep their downloads (BEHAVIOUR C11): by their variables, else by their defaults. What a tool has
/// installed is none of it.
/// </summary>
internal static class KnownCaches
{
    /// <param name="isRoot">apt's folders are the machine's, and only root may be given others.</param>
    /// <returns>Those that exist; their real paths, each once.</returns>
    public static IReadOnlyList<KnownCache> Find(Func<string, string?> variable, bool isRoot) =>
        [.. All(variable, isRoot).Where(c => Path.IsPathRooted(c.Folder) && Directory.Exists(c.Folder)).Select(c => c with { Folder = Masks.Real(c.Folder) }).DistinctBy(c => c.Folder)];

    /// <summary>Tools with something in their caches.</summary>
    public static IReadOnlyList<string> Warm(IEnumerable<KnownCache> caches) =>
        [.. caches.Where(c => HasEntries(c.Folder)).Select(c => c.Tool).Distinct(StringComparer.Ordinal)];

    internal static IEnumerable<KnownCache> All(Func<string, string?> variable, bool isRoot)
    {
        string? Told(string name) => variable(name) is { Length: > 0 } folder ? folder : null;
        var home = Told("HOME") ?? "/nonexistent";
        var cache = Told("XDG_CACHE_HOME") ?? $"{home}/.cache";
        var data = Told("XDG_DATA_HOME") ?? $"{home}/.local/share";
        var cargo = Told("CARGO_HOME") ?? $"{home}/.cargo";
        var gradle = Told("GRADLE_USER_HOME") ?? $"{home}/.gradle";
        var gopath = Told("GOPATH")?.Split(':')[0] ?? $"{home}/go";

        yield return new("npm", (Told("npm_config_cache") ?? Told("NPM_CONFIG_CACHE") ?? $"{home}/.npm") + "/_cacache");
        yield return new("pip", Told("PIP_CACHE_DIR") ?? $"{cache}/pip");
        yield return new("uv", Told("UV_CACHE_DIR") ?? $"{cache}/uv");
        yield return new("go", Told("GOMODCACHE") ?? $"{gopath}/pkg/mod");
        yield return new("go", $"{gopath}/pkg/sumdb");
        yield return new("cargo", $"{cargo}/registry");
        yield return new("cargo", $"{cargo}/git");
        yield return new("nuget", Told("NUGET_PACKAGES") ?? $"{home}/.nuget/packages");
        yield return new("nuget", Told("NUGET_HTTP_CACHE_PATH") ?? $"{data}/NuGet");
        yield return new("maven", $"{home}/.m2/repository");
        yield return new("maven", $"{home}/.m2/wrapper");
        yield return new("gradle", $"{gradle}/caches");
        yield return new("gradle", $"{gradle}/wrapper");
        yield return new("gem", $"{cache}/gem");
        yield return new("gem", $"{home}/.gem/specs");
        yield return new("gem", $"{data}/gem/specs");
        yield return new("gem", $"{home}/.bundle/cache");
        yield return new("composer", Told("COMPOSER_CACHE_DIR") ?? $"{cache}/composer");
        yield return new("composer", $"{home}/.composer/cache");
        yield return new("yarn", Told("YARN_CACHE_FOLDER") ?? $"{cache}/yarn");
        yield return new("yarn", $"{home}/.yarn/berry/cache");
        yield return new("pnpm", $"{data}/pnpm/store");
        yield return new("pnpm", $"{cache}/pnpm");
        yield return new("pnpm", $"{home}/.pnpm-store");
        if (!isRoot) yield break;
        yield return new("apt", "/var/lib/apt/lists");
        yield return new("apt", "/var/cache/apt/archives");
    }

    private static bool HasEntries(string folder)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(folder).Any();
        }
        catch (UnauthorizedAccessException)
        {
            // What cannot be read cannot be used.
            return false;
        }
    }
}
