using System.Text;

namespace Kache.Certificates;

/// <summary>The CA on disk: a folder with its certificate and its key, there as a whole or not at all.</summary>
internal static class CertificateFiles
{
    public const string Certificate = "ca.crt";
    public const string Key = "ca.key";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Readable = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;

    /// <summary>Makes the folder. Where another process was quicker, its CA stays.</summary>
    public static void Create(string folder, (string Certificate, string Key) pem)
    {
        var parent = Path.GetDirectoryName(Path.GetFullPath(folder))!;
        Directory.CreateDirectory(parent);
        var fresh = Path.Combine(parent, $".{Path.GetFileName(folder)}.{Guid.NewGuid():n}");
        Directory.CreateDirectory(fresh, OwnerFolder);
        try
        {
            Write(Path.Combine(fresh, Key), pem.Key, OwnerOnly);
            Write(Path.Combine(fresh, Certificate), pem.Certificate, Readable);
            // An empty folder that somebody made for us is in the way of a rename.
            if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
            Directory.Move(fresh, folder);
        }
        catch (IOException) when (File.Exists(Path.Combine(folder, Key)))
        {
            // Somebody else made one in the same moment.
            Directory.Delete(fresh, recursive: true);
        }
    }

    private static void Write(string file, string text, UnixFileMode mode)
    {
        using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode });
        stream.Write(Encoding.ASCII.GetBytes(text));
        stream.Flush(flushToDisk: true);
    }
}
