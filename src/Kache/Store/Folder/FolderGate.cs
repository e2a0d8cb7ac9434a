using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store.Folder;

/// <summary>
/// What is asked of a folder before anything of it is used: that it can be written, is on a local disk, has a format that
/// this program knows, and has no other server. Held while the store is open.
/// </summary>
internal sealed class FolderGate : IDisposable
{
    /// <summary>The format that this program writes, and the only one that it reads.</summary>
    public const int Format = 1;

    // A process id and the end of its line, padded in front.
    private const int HolderSize = 16;

    private const string FormatLine = "kache store format ";

    private readonly SafeFileHandle _version;
    private readonly SafeFileHandle? _server;

    private FolderGate(SafeFileHandle version, SafeFileHandle? server) => (_version, _server) = (version, server);

    /// <exception cref="DataFolderException">The folder cannot be used.</exception>
    public static FolderGate Enter(StorePaths paths, StoreAccess access)
    {
        var folder = paths.Folder;
        try
        {
            RefuseNetwork(folder);
            Disk.MakeFolder(folder);
            if (!File.Exists(paths.Version)) WriteVersion(paths);
            // Shared by all who use the folder: whoever changes its format needs it alone.
            var version = Disk.OpenRead(paths.Version);
            SafeFileHandle? server = null;
            try
            {
                if (!Disk.TryLock(version, exclusive: false))
                    throw new DataFolderException($"The data folder {folder} is being changed by another kache process. Try again when it has ended.");
                CheckVersion(paths);
                if (access == StoreAccess.Server) server = LockForServer(paths);
                foreach (var each in paths.Folders) Disk.MakeFolderForGood(each);
                return new FolderGate(version, server);
            }
            catch
            {
                version.Dispose();
                server?.Dispose();
                throw;
            }
        }
        catch (UnauthorizedAccessException e)
        {
            throw new DataFolderException($"The data folder {folder} may not be used by this user: {e.Message} Use a folder of your own (--data), or run as its owner.", e);
        }
        catch (IOException e) when (e is not DataFolderException)
        {
            if (Disk.IsFull(e)) throw StoreFullException.On(folder, e);
            throw new DataFolderException($"The data folder {folder} cannot be used: {e.Message} Name another one with --data.", e);
        }
    }

    public void Dispose()
    {
        // The file stays, so that nobody locks a removed one.
        if (_server is not null)
        {
            Disk.Unlock(_server);
            _server.Dispose();
        }
        Disk.Unlock(_version);
        _version.Dispose();
    }

    private static void RefuseNetwork(string folder)
    {
        // Before it is made: a refused folder is not left behind.
        var existing = folder;
        while (!Directory.Exists(existing))
        {
            if (File.Exists(existing)) throw new DataFolderException($"The data folder {folder} cannot be made: {existing} is a file. Name another one with --data.");
            existing = Path.GetDirectoryName(existing) ?? "/";
        }
        if (FileSystems.NetworkTypeOf(existing) is { } type)
        {
            throw new DataFolderException(
                $"The data folder {folder} is on a network file system ({type}), where locks do not hold and a store would be damaged. Name a folder on a local disk with --data.");
        }
    }

    private static void WriteVersion(StorePaths paths)
    {
        var unfinished = $"{paths.Version}.{Environment.ProcessId}{StorePaths.Unfinished}";
        using var file = Disk.OpenOrCreate(unfinished, FileMode.Create);
        RandomAccess.Write(file, Encoding.ASCII.GetBytes(FormattableString.Invariant($"{FormatLine}{Format}\n")), 0);
        // Two who make the folder at the same time write the same.
        Disk.Publish(file, unfinished, paths.Version);
    }

    private static void CheckVersion(StorePaths paths)
    {
        var text = File.ReadAllText(paths.Version);
        if (!text.StartsWith(FormatLine, StringComparison.Ordinal)
            || !int.TryParse(text.AsSpan(FormatLine.Length).TrimEnd('\n'), NumberStyles.None, CultureInfo.InvariantCulture, out var format))
        {
            throw new DataFolderException(
                $"{paths.Folder} is not a data folder of kache: its file 'version' does not name a format. Name another folder with --data; nothing was changed in this one.");
        }
        if (format != Format)
        {
            throw new DataFolderException(
                $"The data folder {paths.Folder} has format {format}, and this kache knows format {Format}. "
                + "Use the kache that wrote it, or name another folder with --data; nothing was changed in this one.");
        }
    }

    private static SafeFileHandle LockForServer(StorePaths paths)
    {
        var file = Disk.OpenOrCreate(paths.Lock);
        if (!Disk.TryLock(file, exclusive: true))
        {
            using (file)
            {
                throw new DataFolderException(
                    $"The data folder {paths.Folder} has a server already ({Holder(file)}). Stop that one first, or give this one a folder of its own with --data.");
            }
        }
        // Written over and never cut: on a full disk the block might not be had again.
        RandomAccess.Write(file, Encoding.ASCII.GetBytes(FormattableString.Invariant($"{Environment.ProcessId,HolderSize - 1}\n")), 0);
        return file;
    }

    private static string Holder(SafeFileHandle file)
    {
        Span<byte> content = stackalloc byte[HolderSize];
        var text = Encoding.ASCII.GetString(content[..RandomAccess.Read(file, content, 0)]).Trim();
        return text.Length > 0 ? $"process {text}" : "another process";
    }
}
