using System.Runtime.InteropServices;

namespace Kache.Sandbox.Kernel;

/// <summary>Plain file descriptors, where .NET's handles cannot be used: they cross a process's start, or a Unix socket.</summary>
internal static partial class Descriptors
{
    private const int Unix = 1;
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;
    private const int SetFlags = 2;
    private const int DuplicateClosing = 1030;

    // SCM_MAX_FD of the kernel is 253; we pass two for a port and a few more.
    private const int MostPassed = 250;

    // struct cmsghdr on 64-bit Linux: a length of eight bytes, level and type of four each.
    private const int ControlHead = 16;
    private const int SocketLevel = 1;
    private const int Rights = 1;
    private const int NoSignal = 0x4000;
    private const int ReceiveClosing = 0x40000000;

    /// <summary>Two ends of a stream, both closed on exec.</summary>
    public static unsafe (int Ours, int Theirs) SocketPair()
    {
        var pair = stackalloc int[2];
        SystemCallException.Check(socketpair(Unix, Stream | CloseOnExec, 0, pair), "socketpair");
        return (pair[0], pair[1]);
    }

    public static unsafe (int Reading, int Writing) Pipe()
    {
        var pair = stackalloc int[2];
        SystemCallException.Check(pipe2(pair, CloseOnExec), "pipe2");
        return (pair[0], pair[1]);
    }

    /// <summary>A copy that is closed on exec.</summary>
    public static int Duplicate(int descriptor) => SystemCallException.Check(fcntl(descriptor, DuplicateClosing, 3), "fcntl");

    public static void Redirect(int from, int to) => SystemCallException.Check(dup2(from, to), "dup2");

    public static void SetInherited(int descriptor, bool inherited) => SystemCallException.Check(fcntl(descriptor, SetFlags, inherited ? 0 : 1), "fcntl");

    /// <summary>A descriptor's end; nothing can be done about an error.</summary>
    public static void Close(int descriptor) => _ = close(descriptor);

    /// <summary>Wakes whoever reads from the socket, here and at its other end.</summary>
    public static void Shutdown(int socket) => _ = shutdown(socket, 2);

    public static unsafe void Send(int socket, ReadOnlySpan<byte> data, ReadOnlySpan<int> passed)
    {
        if (passed.Length > MostPassed) throw new ArgumentException($"{passed.Length} descriptors at once", nameof(passed));
        var control = stackalloc byte[ControlHead + MostPassed * sizeof(int)];
        while (!data.IsEmpty)
        {
            fixed (byte* bytes = data)
            {
                var vector = new Vector { Base = bytes, Length = (nuint)data.Length };
                var message = new Message { Vectors = &vector, VectorCount = 1 };
                if (!passed.IsEmpty)
                {
                    *(nuint*)control = (nuint)(ControlHead + passed.Length * sizeof(int));
                    *(int*)(control + 8) = SocketLevel;
                    *(int*)(control + 12) = Rights;
                    passed.CopyTo(new Span<int>(control + ControlHead, passed.Length));
                    message.Control = control;
                    message.ControlLength = *(nuint*)control;
                }
                var sent = sendmsg(socket, &message, NoSignal);
                if (sent < 0 && Marshal.GetLastPInvokeError() == SystemCallException.Interrupted) continue;
                data = data[SystemCallException.Check(sent, "sendmsg")..];
                // They go with the first byte.
                passed = [];
            }
        }
    }

    /// <summary>Reads what is there; descriptors that come with it are added.</summary>
    /// <returns>0 at the end.</returns>
    public static unsafe int Receive(int socket, Span<byte> data, List<int> passed)
    {
        var control = stackalloc byte[ControlHead + MostPassed * sizeof(int)];
        while (true)
        {
            fixed (byte* bytes = data)
            {
                var vector = new Vector { Base = bytes, Length = (nuint)data.Length };
                var message = new Message { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = (nuint)(ControlHead + MostPassed * sizeof(int)) };
                var got = recvmsg(socket, &message, ReceiveClosing);
                if (got < 0 && Marshal.GetLastPInvokeError() == SystemCallException.Interrupted) continue;
                SystemCallException.Check(got, "recvmsg");
                if (message.ControlLength >= ControlHead && *(int*)(control + 8) == SocketLevel && *(int*)(control + 12) == Rights)
                {
                    var count = (int)(*(nuint*)control - ControlHead) / sizeof(int);
                    foreach (var descriptor in new ReadOnlySpan<int>(control + ControlHead, count)) passed.Add(descriptor);
                }
                return (int)got;
            }
        }
    }

    /// <summary>Reads from a plain descriptor.</summary>
    public static unsafe int Read(int descriptor, Span<byte> data)
    {
        while (true)
        {
            fixed (byte* bytes = data)
            {
                var got = read(descriptor, bytes, (nuint)data.Length);
                if (got < 0 && Marshal.GetLastPInvokeError() == SystemCallException.Interrupted) continue;
                return SystemCallException.Check(got, "read");
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int socketpair(int domain, int type, int protocol, int* pair);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int pipe2(int* pair, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int dup2(int from, int to);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shutdown(int socket, int how);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint sendmsg(int socket, Message* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint recvmsg(int socket, Message* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint read(int descriptor, byte* data, nuint length);

    // struct msghdr of glibc and musl on 64-bit little-endian Linux: musl's narrower lengths have their padding where the upper half is.
    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Message
    {
        public byte* Name;
        public uint NameLength;
        public Vector* Vectors;
        public nuint VectorCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct Vector
    {
        public byte* Base;
        public nuint Length;
    }
}
