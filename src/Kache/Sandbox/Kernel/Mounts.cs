using System.Runtime.InteropServices;

namespace Kache.Sandbox.Kernel;

/// <summary>Mounts in a mount namespace of our own: none of them is seen outside, and all are gone with it.</summary>
internal static partial class Mounts
{
    private const nuint ReadOnly = 1;
    private const nuint NoSuid = 2;
    private const nuint NoDevices = 4;
    private const nuint NoExecution = 8;
    private const nuint Remount = 32;
    private const nuint Bind = 4096;
    private const nuint Recursive = 16384;
    private const nuint NoAccessTimes = 1024;
    private const nuint RelativeAccessTimes = 1 << 21;

    private const int PathOnly = 0x200000;
    private const int CloseOnExec = 0x80000;

    public static void Processes() => Do("proc", "/proc", "proc", NoSuid | NoDevices | NoExecution, null);

    /// <param name="mode">Octal, as mount(8) takes it.</param>
    public static void Memory(string folder, string mode) => Do("tmpfs", folder, "tmpfs", NoSuid | NoDevices, $"mode={mode}");

    public static void Over(string source, string target) => Do(source, target, null, Bind, null);

    /// <summary>A folder with what is mounted below it.</summary>
    public static void TreeOver(string source, string target) => Do(source, target, null, Bind | Recursive, null);

    public static void SetReadOnly(string target) => Do("none", target, null, Remount | Bind | ReadOnly | FlagsOf(target), null);

    /// <summary>A file that stays to be had when something is mounted over its folder: /proc/self/fd has it.</summary>
    public static int Hold(string path) => SystemCallException.Check(open(path, PathOnly | CloseOnExec), $"opening {path}");

    /// <summary>What is mounted at a path and below it.</summary>
    public static IReadOnlyList<string> Below(string path) =>
        [.. File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4])
            .Where(point => point == path || point.StartsWith(path + "/", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal)];

    /// <summary>Flags that a mount has and that a namespace below may not take away (mount_namespaces(7)).</summary>
    private static nuint FlagsOf(string target)
    {
        nuint flags = 0;
        foreach (var line in File.ReadLines("/proc/self/mountinfo"))
        {
            var words = line.Split(' ');
            if (words.Length < 6 || words[4] != target) continue;
            flags = 0;
            foreach (var option in words[5].Split(','))
            {
                flags |= option switch
                {
                    "nosuid" => NoSuid,
                    "nodev" => NoDevices,
                    "noexec" => NoExecution,
                    "noatime" => NoAccessTimes,
                    "relatime" => RelativeAccessTimes,
                    _ => 0,
                };
            }
        }
        return flags;
    }

    private static void Do(string source, string target, string? type, nuint flags, string? data) =>
        SystemCallException.Check(mount(source, target, type, flags, data), $"mounting over {target}");

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, nuint flags, string? data);
}
