using System.Runtime.InteropServices;

namespace Kache.Sandbox.Kernel;

/// <param name="ExitCode">The command's own, or 128 and the signal's number.</param>
internal readonly record struct ProcessEnd(int Id, int ExitCode);

/// <summary>
/// Children as posix_spawn(3) makes them: words and environment byte for byte (.NET's own are UTF-16), signals as a shell would
/// leave them, descriptors that are not closed on exec passed on.
/// </summary>
internal static partial class Processes
{
    // glibc needs 336 and 80 bytes, musl less.
    private const int OpaqueSize = 1024;

    private const short SetSignalMask = 8;
    private const short SetSignalDefaults = 4;

    // sigset_t: 1024 bits.
    private const int SignalSetSize = 128;

    /// <param name="arguments">The first is the program's name as it sees it.</param>
    /// <param name="environment">NAME=VALUE each.</param>
    /// <param name="blocked">Signals that it does not get; a set of bits, the first for signal 1.</param>
    /// <param name="errors">Where its stderr goes; null for ours.</param>
    public static unsafe int Spawn(string program, IReadOnlyList<byte[]> arguments, IReadOnlyList<byte[]> environment, ulong blocked = 0, int? errors = null)
    {
        var attributes = stackalloc byte[OpaqueSize];
        var actions = stackalloc byte[OpaqueSize];
        var mask = stackalloc byte[SignalSetSize];
        var defaults = stackalloc byte[SignalSetSize];
        new Span<byte>(mask, SignalSetSize).Clear();
        new Span<byte>(defaults, SignalSetSize).Fill(0xff);
        *(ulong*)mask = blocked;
        Check(posix_spawnattr_init(attributes));
        Check(posix_spawn_file_actions_init(actions));
        Check(posix_spawnattr_setsigmask(attributes, mask));
        // The runtime ignores SIGPIPE, which a command would inherit.
        Check(posix_spawnattr_setsigdefault(attributes, defaults));
        Check(posix_spawnattr_setflags(attributes, SetSignalMask | SetSignalDefaults));
        if (errors is { } descriptor) Check(posix_spawn_file_actions_adddup2(actions, descriptor, 2));
        using var words = new Strings(arguments);
        using var variables = new Strings(environment);
        int id;
        var result = posix_spawnp(&id, program, actions, attributes, words.Pointer, variables.Pointer);
        _ = posix_spawnattr_destroy(attributes);
        _ = posix_spawn_file_actions_destroy(actions);
        return result == 0 ? id : throw new SystemCallException($"starting {program}", result);

        void Check(int result)
        {
            if (result != 0) throw new SystemCallException($"preparing to start {program}", result);
        }
    }

    /// <summary>Waits for one child, or for any (-1).</summary>
    /// <returns>Null when there is none.</returns>
    public static ProcessEnd? Wait(int id)
    {
        while (true)
        {
            var ended = waitpid(id, out var status, 0);
            if (ended < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error == SystemCallException.Interrupted) continue;
                return error == SystemCallException.NoChild ? null : throw new SystemCallException("waitpid", error);
            }
            // wait(2): the low seven bits are the signal that ended it, the next eight its exit code.
            var signal = status & 0x7f;
            return new ProcessEnd(ended, signal == 0 ? (status >> 8) & 0xff : 128 + signal);
        }
    }

    /// <summary>A process that has ended meanwhile needs no signal.</summary>
    public static void Signal(int id, int signal) => _ = kill(id, signal);

    /// <summary>Ends this process at once, with all of its threads and nothing else done.</summary>
    public static void ExitNow(int code) => _exit(code);

    /// <summary>The words of this process, or its environment, as the kernel has them.</summary>
    public static List<byte[]> Own(string file)
    {
        var bytes = File.ReadAllBytes($"/proc/self/{file}").AsSpan();
        var parts = new List<byte[]>();
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)0);
            if (end < 0) end = bytes.Length;
            parts.Add(bytes[..end].ToArray());
            bytes = bytes[Math.Min(end + 1, bytes.Length)..];
        }
        return parts;
    }

    /// <summary>Whether this process belongs to the group that a terminal's Ctrl-C goes to.</summary>
    public static bool IsInForeground()
    {
        for (var descriptor = 0; descriptor <= 2; descriptor++)
            if (tcgetpgrp(descriptor) == getpgrp()) return true;
        return false;
    }

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setsigmask(byte* attributes, byte* mask);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static unsafe partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int posix_spawnp(int* id, string program, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int id, out int status, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int id, int signal);

    [LibraryImport("libc")]
    private static partial void _exit(int code);

    [LibraryImport("libc")]
    private static partial int tcgetpgrp(int terminal);

    [LibraryImport("libc")]
    private static partial int getpgrp();

    /// <summary>An array of C strings with a null at its end.</summary>
    private sealed unsafe class Strings : IDisposable
    {
        private readonly int _count;

        public Strings(IReadOnlyList<byte[]> strings)
        {
            _count = strings.Count;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
            {
                Pointer[i] = (byte*)NativeMemory.AllocZeroed((nuint)strings[i].Length + 1);
                strings[i].CopyTo(new Span<byte>(Pointer[i], strings[i].Length));
            }
        }

        public byte** Pointer { get; }

        public void Dispose()
        {
            for (var i = 0; i < _count; i++) NativeMemory.Free(Pointer[i]);
            NativeMemory.Free(Pointer);
        }
    }
}
