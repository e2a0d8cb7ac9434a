using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Kache.Host;

/// <summary>Owner, mode and links of a file, for copies that are like it.</summary>
internal readonly record struct FileOwner(uint User, uint Group, uint Links);

/// <summary>The calls to the kernel that change a machine and that .NET has no word for.</summary>
internal static partial class HostCalls
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int AccessDenied = 13;
    public const int Busy = 16;
    public const int Invalid = 22;
    public const int ReadOnly = 30;

    private const int Terminating = 15;
    private const nuint Bind = 4096;
    private const int Detach = 2;
    private const int NoFollow = 8;
    private const int CurrentFolder = -100;
    private const int StatNoFollow = 0x100;
    private const uint StatOwnerAndLinks = 0x4 | 0x8 | 0x10;
    private const int CloseOnExec = 0x80000;
    private const string SecurityLabel = "security.selinux";

    public static bool IsRoot => geteuid() == 0;

    /// <returns>0, or the error's number (errno(3)).</returns>
    public static int BindMount(string source, string target) => Result(mount(source, target, null, Bind, 0));

    /// <summary>Takes the topmost mount off a path. Whoever has files of it open keeps them.</summary>
    public static int Unmount(string target)
    {
        var result = Result(umount2(target, NoFollow));
        return result == Busy ? Result(umount2(target, NoFollow | Detach)) : result;
    }

    public static FileOwner OwnerOf(string path)
    {
        Span<byte> stat = stackalloc byte[256];
        Check(statx(CurrentFolder, path, StatNoFollow, StatOwnerAndLinks, stat), $"stat {path}");
        // struct statx (statx(2)): stx_nlink, stx_uid and stx_gid are at 16, 20 and 24 on every architecture.
        return new FileOwner(BitConverter.ToUInt32(stat[20..]), BitConverter.ToUInt32(stat[24..]), BitConverter.ToUInt32(stat[16..]));
    }

    public static void Give(string path, FileOwner owner) => Check(lchown(path, owner.User, owner.Group), $"chown {path}");

    /// <summary>Gives a file the SELinux label of another, where there are labels: a confined service reads what it may by them.</summary>
    public static void LabelLike(string path, string model)
    {
        Span<byte> label = stackalloc byte[256];
        var size = lgetxattr(model, SecurityLabel, label, (nuint)label.Length);
        // No label, or a file system without: nothing to carry over. A refusal leaves the folder's own label, which unconfined programs do not mind.
        if (size > 0) _ = lsetxattr(path, SecurityLabel, label[..(int)size], (nuint)size, 0);
    }

    /// <summary>Makes renames and new names in a folder last.</summary>
    public static void FlushFolder(string folder)
    {
        var descriptor = Check(open(folder, CloseOnExec), $"open {folder}");
        var result = fsync(descriptor);
        _ = close(descriptor);
        Check(result, $"fsync {folder}");
    }

    /// <summary>Asks a process to end; one that has ended already has what was asked for.</summary>
    public static void Terminate(int process) => _ = kill(process, Terminating);

    public static string Text(int error) => new Win32Exception(error).Message;

    private static int Result(int result) => result == 0 ? 0 : Marshal.GetLastPInvokeError();

    private static int Check(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call} failed: {Text(Marshal.GetLastPInvokeError())}.");

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, nuint flags, nint data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, Span<byte> buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint user, uint group);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint lgetxattr(string path, string name, Span<byte> value, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lsetxattr(string path, string name, ReadOnlySpan<byte> value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);
}
