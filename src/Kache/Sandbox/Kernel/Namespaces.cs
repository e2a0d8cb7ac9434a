using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kache.Sandbox.Kernel;

/// <summary>Namespaces and capabilities; both belong to a thread, and what it starts has them too.</summary>
internal static partial class Namespaces
{
    private const int NewNetwork = 0x40000000;
    private const int DropFromBounds = 24;

    // capabilities(7): those that a container's root has by Docker's default, without NET_RAW and MKNOD. Files of any owner,
    // other users, low ports and chroot: what package managers need. Nothing that reaches namespaces, devices or the kernel.
    private static readonly int[] KeptByRoot = [0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 29, 31];

    /// <summary>Of the calling thread; before anything is mounted, /proc/self may be another namespace's.</summary>
    public static SafeFileHandle OpenNetwork() => File.OpenHandle("/proc/thread-self/ns/net");

    /// <summary>The calling thread gets a network of its own, with nothing in it but a loopback that is down.</summary>
    public static void UnshareNetwork() => SystemCallException.Check(unshare(NewNetwork), "unshare(CLONE_NEWNET)");

    public static void EnterNetwork(SafeFileHandle network) => SystemCallException.Check(setns(network, NewNetwork), "setns");

    /// <summary>What the calling thread starts from now on can never have more than a container's root, whoever it becomes.</summary>
    public static void LimitRoot()
    {
        for (var capability = 0; ; capability++)
        {
            if (KeptByRoot.Contains(capability)) continue;
            // EINVAL: this kernel knows no more of them.
            if (prctl(DropFromBounds, (nuint)capability, 0, 0, 0) != 0) return;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeHandle file, int kind);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);
}
