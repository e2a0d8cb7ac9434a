using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Kache.Sandbox.Kernel;

/// <summary>Sockets of the network that the calling thread is in; each stays in it, wherever it is passed.</summary>
internal static partial class NetworkSockets
{
    private const int InterNetwork = 2;
    private const int InterNetwork6 = 10;
    private const int NetlinkFamily = 16;
    private const int PacketFamily = 17;
    private const int StreamType = 1;
    private const int DatagramType = 2;
    private const int RawType = 3;
    private const int CloseOnExec = 0x80000;
    private const int SocketLevel = 1;
    private const int ReuseAddress = 2;
    private const int AttachFilter = 26;
    private const int Ipv6Level = 41;
    private const int OnlyIpv6 = 26;
    private const ushort AllProtocols = 3;

    public static int Netlink() => SystemCallException.Check(socket(NetlinkFamily, RawType | CloseOnExec, 0), "socket(AF_NETLINK)");

    /// <summary>Sends a request of rtnetlink and waits for its acknowledgement.</summary>
    public static unsafe void Request(int netlink, byte[] message, string what)
    {
        fixed (byte* bytes = message) SystemCallException.Check(send(netlink, bytes, (nuint)message.Length, 0), what);
        var answer = stackalloc byte[4096];
        var length = SystemCallException.Check(recv(netlink, answer, 4096, 0), what);
        var error = NetlinkMessage.ReadAcknowledgement(new ReadOnlySpan<byte>(answer, length));
        if (error != 0) throw new SystemCallException(what, error);
    }

    /// <summary>Whether this kernel has IPv6 at all.</summary>
    public static bool HasIpv6()
    {
        var trial = socket(InterNetwork6, DatagramType | CloseOnExec, 0);
        if (trial < 0) return false;
        Descriptors.Close(trial);
        return true;
    }

    /// <summary>Bound to a port of every address of one family; not yet listening.</summary>
    public static unsafe int Bound(bool six, bool datagram, int port)
    {
        var what = $"{(datagram ? "UDP" : "TCP")} port {port}";
        var made = SystemCallException.Check(socket(six ? InterNetwork6 : InterNetwork, (datagram ? DatagramType : StreamType) | CloseOnExec, 0), what);
        if (six) Set(made, Ipv6Level, OnlyIpv6, 1, what);
        if (!datagram) Set(made, SocketLevel, ReuseAddress, 1, what);
        // sockaddr_in and sockaddr_in6: family, port in network order; the rest of the wildcard address is zero.
        var address = stackalloc byte[28];
        new Span<byte>(address, 28).Clear();
        *(ushort*)address = (ushort)(six ? InterNetwork6 : InterNetwork);
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(address + 2, 2), (ushort)port);
        SystemCallException.Check(bind(made, address, six ? 28u : 16u), what);
        return made;
    }

    /// <summary>Sees the packets that come in at an interface and pass a filter, from their IP head on.</summary>
    public static unsafe int Packets(int index, ReadOnlySpan<PacketFilter.Instruction> filter)
    {
        const string What = "the packet socket";
        // No protocol yet: nothing comes in before the filter is there.
        var made = SystemCallException.Check(socket(PacketFamily, DatagramType | CloseOnExec, 0), What);
        fixed (PacketFilter.Instruction* instructions = filter)
        {
            var program = new FilterProgram { Length = (ushort)filter.Length, Instructions = instructions };
            SystemCallException.Check(setsockopt(made, SocketLevel, AttachFilter, &program, (uint)sizeof(FilterProgram)), What);
        }
        // sockaddr_ll: family, protocol in network order, interface.
        var address = stackalloc byte[20];
        new Span<byte>(address, 20).Clear();
        *(ushort*)address = PacketFamily;
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(address + 2, 2), AllProtocols);
        *(int*)(address + 4) = index;
        SystemCallException.Check(bind(made, address, 20), What);
        return made;
    }

    private static unsafe void Set(int socket, int level, int option, int value, string what) =>
        SystemCallException.Check(setsockopt(socket, level, option, &value, sizeof(int)), what);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int bind(int socket, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int setsockopt(int socket, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint send(int socket, byte* data, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint recv(int socket, byte* data, nuint length, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct FilterProgram
    {
        public ushort Length;
        public PacketFilter.Instruction* Instructions;
    }
}
