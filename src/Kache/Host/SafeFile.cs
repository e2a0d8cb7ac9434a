namespace Kache.Host;

/// <summary>Files written so that a crash leaves the old or the new one, with the owner, mode and label that they had.</summary>
internal static class SafeFile
{
    public const string FreshEnding = ".kache-new";

    private const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public static byte[]? Read(string path) => File.Exists(path) ? File.ReadAllBytes(path) : null;

    /// <summary>Writes a new file, flushed to disk.</summary>
    public static void WriteNew(string path, ReadOnlySpan<byte> content, UnixFileMode mode = Everybody)
    {
        File.Delete(path);
        using var stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode });
        stream.Write(content);
        // The creator's umask may have taken bits away.
        File.SetUnixFileMode(path, mode);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>
    /// Replaces a file by a rename; a file that is a mount point (as resolv.conf is in a container) cannot be renamed over
    /// and is written in place.
    /// </summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var fresh = path + FreshEnding;
        try
        {
            WriteNew(fresh, content);
            if (File.Exists(path)) MakeLike(fresh, path);
            File.Move(fresh, path, overwrite: true);
            HostCalls.FlushFolder(Path.GetDirectoryName(path)!);
        }
        catch (IOException failure) when (failure.HResult is HostCalls.Busy or HostCalls.ReadOnly && File.Exists(path))
        {
            // Busy: a mount point. Read-only: the folder around one.
            File.Delete(fresh);
            WriteInPlace(path, content);
        }
    }

    public static void WriteInPlace(string path, ReadOnlySpan<byte> content)
    {
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        stream.Write(content);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Owner, mode and label of another file.</summary>
    public static void MakeLike(string path, string model)
    {
        HostCalls.Give(path, HostCalls.OwnerOf(model));
        if (new FileInfo(path).LinkTarget is null) File.SetUnixFileMode(path, File.GetUnixFileMode(model));
        HostCalls.LabelLike(path, model);
    }

    /// <summary>Whether there is anything of that name, a dangling symlink too.</summary>
    public static bool IsThere(string path) => File.Exists(path) || Directory.Exists(path) || new FileInfo(path).LinkTarget is not null;
}
