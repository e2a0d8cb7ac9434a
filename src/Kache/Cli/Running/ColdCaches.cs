using Kache.Sandbox;

namespace Kache.Cli.Running;

/// <summary>
/// Empty folders that are laid over the caches of package managers for one run, in the data folder: what they are filled with may
/// be gigabytes, so they are not in memory. They go with the run; those of a killed one go with the next.
/// </summary>
internal sealed class ColdCaches : IDisposable
{
    private const string FolderName = "cold";
    private const string LockEnding = ".lock";

    private const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _folder;
    private readonly FileStream _held;

    private ColdCaches(string folder, FileStream held) => (_folder, _held) = (folder, held);

    /// <summary>What is laid over what.</summary>
    public IReadOnlyList<FolderOver> Folders { get; private init; } = [];

    /// <param name="dataFolder">It exists.</param>
    public static ColdCaches Make(string dataFolder, IReadOnlyList<KnownCache> caches)
    {
        var all = Path.Combine(dataFolder, FolderName);
        Directory.CreateDirectory(all, Mine);
        var name = Path.Combine(all, Guid.NewGuid().ToString("n"));
        var held = Hold(name + LockEnding) ?? throw new IOException($"{name + LockEnding} is held by somebody.");
        var folders = new List<FolderOver>();
        foreach (var cache in caches)
        {
            var empty = Path.Combine(name, folders.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Directory.CreateDirectory(empty);
            File.SetUnixFileMode(empty, File.GetUnixFileMode(cache.Folder) | Mine);
            folders.Add(new FolderOver(empty, cache.Folder));
        }
        return new ColdCaches(name, held) { Folders = folders };
    }

    /// <summary>Takes away what killed runs left.</summary>
    public static void Sweep(string dataFolder)
    {
        var all = Path.Combine(dataFolder, FolderName);
        if (!Directory.Exists(all)) return;
        foreach (var file in Directory.EnumerateFiles(all, "*" + LockEnding))
        {
            if (Hold(file) is not { } held) continue;
            new ColdCaches(file[..^LockEnding.Length], held).Dispose();
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Remove(_folder);
        File.Delete(_held.Name);
        _held.Dispose();
    }

    private static FileStream? Hold(string file)
    {
        try
        {
            // Not shared: .NET takes flock(2) on it.
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException held) when (held.GetType() == typeof(IOException))
        {
            return null;
        }
    }

    /// <summary>Go's module cache has folders that may not be written; their owner may change that.</summary>
    private static void Remove(string folder)
    {
        File.SetUnixFileMode(folder, Mine);
        foreach (var below in new DirectoryInfo(folder).EnumerateDirectories().Where(d => d.LinkTarget is null)) Remove(below.FullName);
        Directory.Delete(folder, recursive: true);
    }
}
