namespace Kache.Host;

/// <summary>What a folder holds, by relative paths; symlinks are not followed.</summary>
internal sealed class FolderContent
{
    private readonly Dictionary<string, List<string>> _names = new(StringComparer.Ordinal);

    public FolderContent(string folder) => Add(folder, "");

    /// <summary>Regular files.</summary>
    public List<string> Files { get; } = [];

    /// <summary>The folder itself (empty) and those below.</summary>
    public IReadOnlyCollection<string> Folders => _names.Keys;

    public long Bytes { get; private set; }

    public IReadOnlyList<string> Names(string below) => _names[below];

    private void Add(string folder, string below)
    {
        var names = _names[below] = [];
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder))
        {
            var name = Path.GetFileName(entry);
            names.Add(name);
            if (new FileInfo(entry).LinkTarget is not null) continue;
            if (Directory.Exists(entry)) Add(entry, Path.Combine(below, name));
            if (!File.Exists(entry) || Directory.Exists(entry)) continue;
            Files.Add(Path.Combine(below, name));
            Bytes += new FileInfo(entry).Length;
        }
    }
}
