using Kache.Host;
using Kache.Server;

namespace Kache.Cli.Machine;

/// <summary>
/// Whom a server that start brings up becomes: the owner of the data folder, and when that is root, somebody who can do nothing else.
/// </summary>
internal static class DataOwner
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string UserName = "kache";

    // Without a user 'kache', a number that belongs to nobody: distributions hand out lower ones, systemd and containers higher ones (systemd, UIDS-GIDS: 60706–61183 are unused).
    private const uint Unused = 60_873;

    /// <summary>Makes the folder, if need be, and gives what is in it to the one that comes back; null for root itself.</summary>
    /// <param name="program">What that user must be able to read.</param>
    public static UserIdentity? Prepare(string folder, string program, ICollection<string> notes)
    {
        if (!Directory.Exists(folder)) Directory.CreateDirectory(folder, OwnerOnly);
        var now = HostCalls.OwnerOf(folder);
        var user = now.User != 0 ? new UserIdentity(now.User, now.Group) : Named() ?? new UserIdentity(Unused, Unused);
        if (!IsMapped("/proc/self/uid_map", user.User) || !IsMapped("/proc/self/gid_map", user.Group)) return null;
        foreach (var needed in new[] { Path.GetDirectoryName(folder)!, Path.GetDirectoryName(program)! })
        {
            if (CanEnter(needed, user)) continue;
            notes.Add($"The local server keeps running as root: {needed} is closed to other users.");
            return null;
        }
        Give(folder, user);
        return user;
    }

    private static UserIdentity? Named() =>
        File.ReadLines("/etc/passwd").Select(line => line.Split(':')).FirstOrDefault(words => words.Length > 3 && words[0] == UserName) is { } found
            ? UserIdentity.Parse($"{found[2]}:{found[3]}") : null;

    /// <summary>In a user namespace, only some numbers exist (user_namespaces(7)).</summary>
    private static bool IsMapped(string file, uint id) =>
        File.ReadLines(file).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(words => words.Length == 3 && uint.TryParse(words[0], out var first) && uint.TryParse(words[2], out var count) && id >= first && id - first < count);

    private static bool CanEnter(string folder, UserIdentity user)
    {
        for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            var (owner, mode) = (HostCalls.OwnerOf(at), File.GetUnixFileMode(at));
            var needed = owner.User == user.User ? UnixFileMode.UserExecute : owner.Group == user.Group ? UnixFileMode.GroupExecute : UnixFileMode.OtherExecute;
            // A symlink is as open as where it leads; its own mode says nothing.
            if (!mode.HasFlag(needed) && new FileInfo(at).LinkTarget is null) return false;
        }
        return true;
    }

    /// <summary>Commands that root ran on the folder left files of root's. A file with other names elsewhere is not ours to give away.</summary>
    private static void Give(string path, UserIdentity user)
    {
        var owner = HostCalls.OwnerOf(path);
        var isLink = new FileInfo(path).LinkTarget is not null;
        var isFolder = !isLink && Directory.Exists(path);
        if (owner.User != user.User && (isFolder || owner.Links == 1)) HostCalls.Give(path, new FileOwner(user.User, user.Group, owner.Links));
        if (!isFolder) return;
        foreach (var entry in Directory.EnumerateFileSystemEntries(path)) Give(entry, user);
    }
}
