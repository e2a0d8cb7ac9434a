using Kache.Exchanges;

namespace Kache.Host;

/// <summary>Folders of roots, copied with owners, modes and symlinks as they are. Sockets and devices do not belong there and are left out.</summary>
internal static class FolderCopy
{
    public static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var entry in Entries(from)) CopyEntry(entry, Path.Combine(to, Path.GetFileName(entry)), recursive: true);
        SafeFile.MakeLike(to, from);
    }

    /// <summary>One file, symlink or folder; what is there and is of another kind goes.</summary>
    public static void CopyEntry(string from, string to, bool recursive = false)
    {
        if (new FileInfo(from).LinkTarget is { } target)
        {
            Remove(to);
            File.CreateSymbolicLink(to, target);
            HostCalls.Give(to, HostCalls.OwnerOf(from));
        }
        else if (Directory.Exists(from))
        {
            if (new FileInfo(to).LinkTarget is not null || File.Exists(to)) Remove(to);
            if (recursive) Copy(from, to);
            else Directory.CreateDirectory(to);
            SafeFile.MakeLike(to, from);
        }
        else if (File.Exists(from))
        {
            if (new FileInfo(to).LinkTarget is not null || Directory.Exists(to)) Remove(to);
            File.Copy(from, to, overwrite: true);
            SafeFile.MakeLike(to, from);
        }
    }

    public static void Remove(string path)
    {
        if (new FileInfo(path).LinkTarget is not null || !Directory.Exists(path)) File.Delete(path);
        else if (!Directory.EnumerateFileSystemEntries(path).Any()) Directory.Delete(path);
    }

    /// <summary>Every entry below, by its relative path, with what tells it from a changed one. Parents come before what is in them.</summary>
    public static SortedDictionary<string, string> List(string folder)
    {
        var list = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Add(list, folder, "");
        return list;
    }

    private static void Add(SortedDictionary<string, string> list, string folder, string prefix)
    {
        foreach (var entry in Entries(folder))
        {
            var path = prefix + Path.GetFileName(entry);
            if (new FileInfo(entry).LinkTarget is { } target)
            {
                list[path] = $"link {target}";
            }
            else if (Directory.Exists(entry))
            {
                list[path] = "folder";
                Add(list, entry, path + "/");
            }
            else if (File.Exists(entry))
            {
                list[path] = $"file {(int)File.GetUnixFileMode(entry)} {Digest.Of(File.ReadAllBytes(entry))}";
            }
        }
    }

    private static IEnumerable<string> Entries(string folder) => Directory.EnumerateFileSystemEntries(folder);
}
