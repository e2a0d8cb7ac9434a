using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store.Folder;

/// <summary>On what kind of file system a folder lies, by /proc (proc(5)).</summary>
internal static class FileSystems
{
    private const string MountId = "mnt_id:";

    // Locks and shared memory, on which SQLite's WAL and the lock of the folder stand, do not hold across machines.
    private static readonly HashSet<string> Network = new(StringComparer.Ordinal)
    {
        "nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "coda", "glusterfs", "lustre", "beegfs", "gpfs", "gfs2", "ocfs2",
        "ncpfs", "pvfs2", "orangefs", "acfs", "panfs",
    };

    /// <summary>The type of the network file system that the folder is on; null when it is on none, or when /proc does not tell.</summary>
    public static string? NetworkTypeOf(string folder)
    {
        using var handle = Disk.OpenFolder(folder);
        return TypeOf(handle) is { } type && IsNetwork(type) ? type : null;
    }

    /// <summary>Programs behind FUSE may keep files anywhere; the layers of a container without root are the known exception.</summary>
    public static bool IsNetwork(string type) =>
        Network.Contains(type) || (type.StartsWith("fuse.", StringComparison.Ordinal) && type != "fuse.fuse-overlayfs") || type == "fuse";

    /// <summary>The type in the line of a mount: the first word after the separator.</summary>
    public static string? TypeIn(IEnumerable<string> mountInfo, int mountId)
    {
        var id = mountId.ToString(CultureInfo.InvariantCulture) + " ";
        foreach (var line in mountInfo)
        {
            if (!line.StartsWith(id, StringComparison.Ordinal)) continue;
            var separator = line.IndexOf(" - ", StringComparison.Ordinal);
            return separator < 0 ? null : line[(separator + 3)..].Split(' ')[0];
        }
        return null;
    }

    private static string? TypeOf(SafeFileHandle folder)
    {
        var descriptor = folder.DangerousGetHandle().ToInt64().ToString(CultureInfo.InvariantCulture);
        try
        {
            foreach (var line in File.ReadLines($"/proc/self/fdinfo/{descriptor}"))
            {
                if (line.StartsWith(MountId, StringComparison.Ordinal) && int.TryParse(line.AsSpan(MountId.Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var id))
                    return TypeIn(File.ReadLines("/proc/self/mountinfo"), id);
            }
        }
        catch (IOException)
        {
            // No /proc: a sandbox of somebody's. Nothing is known against the folder.
        }
        return null;
    }
}
