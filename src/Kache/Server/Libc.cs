using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Kache.Server;

/// <summary>The few calls to the C library that .NET has no word for. glibc and musl make the set…id ones hold for every thread.</summary>
internal static partial class Libc
{
    private const int OpenReadWrite = 2;
    private const int OpenWriteOnly = 1;
    private const int OpenCreate = 0x40;
    private const int OpenAppend = 0x400;
    private const int OpenCloseOnExec = 0x80000;
    private const int OpenNoFollow = 0x20000;
    private const uint OwnerOnly = 0x180;

    public static uint UserId => geteuid();

    public static uint GroupId => getegid();

    /// <summary>Leaves the terminal: a session of its own, input from nowhere, talk to a file that is appended to.</summary>
    public static void Detach(string logFile)
    {
        // Fails for a process group's leader only, which has left its terminal's session already.
        _ = setsid();
        Redirect(Check(open("/dev/null", OpenReadWrite | OpenCloseOnExec, 0), "open /dev/null"), 0);
        var log = Check(open(logFile, OpenWriteOnly | OpenCreate | OpenAppend | OpenCloseOnExec | ArchitectureNoFollow, OwnerOnly), $"open {logFile}");
        Check(dup2(log, 1), "dup2");
        Redirect(log, 2);
    }

    /// <summary>Becomes another user for good: supplementary groups first, the user last.</summary>
    public static void Become(UserIdentity identity)
    {
        Check(setgroups(0, 0), "setgroups");
        Check(setgid(identity.Group), "setgid");
        Check(setuid(identity.User), "setuid");
        if (setuid(0) == 0) throw new InvalidOperationException("root was given up and came back");
    }

    /// <summary>Gives a file away; a link is given itself, never what it points to.</summary>
    public static void ChangeOwner(string path, UserIdentity identity) => Check(lchown(path, identity.User, identity.Group), $"chown {path}");

    // O_NOFOLLOW is one of the few flags that differ: 0x8000 on arm64 (asm/fcntl.h).
    private static int ArchitectureNoFollow => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : OpenNoFollow;

    private static void Redirect(int from, int to)
    {
        Check(dup2(from, to), "dup2");
        Check(close(from), "close");
    }

    private static int Check(int result, string call)
    {
        if (result >= 0) return result;
        var error = Marshal.GetLastPInvokeError();
        throw new IOException($"{call} failed: {new Win32Exception(error).Message}.");
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsid();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int dup2(int from, int to);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setgroups(nuint count, nint groups);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setgid(uint group);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setuid(uint user);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint user, uint group);
}
