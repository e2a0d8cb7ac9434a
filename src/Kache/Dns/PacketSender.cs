using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Kache.Dns;

/// <summary>
/// Sends a datagram from a chosen local address (IP_PKTINFO, ip(7) and ipv6(7)): a wildcard socket would answer from
/// whatever address the route back has, and a client on a host with several drops that. .NET receives this information
/// and cannot send it.
/// </summary>
internal static partial class PacketSender
{
    private const int IpProtocol = 0;
    private const int IpPacketInfo = 8;
    private const int Ipv6Protocol = 41;
    private const int Ipv6PacketInfo = 50;
    private const int Ipv6FreeBind = 78;
    private const int DontWait = 0x40;
    private const int Interrupted = 4;

    // struct cmsghdr on 64-bit Linux: a length of eight bytes, level and type of four each.
    private const int ControlHead = 16;
    private const int ControlSpace = ControlHead + 24;

    /// <summary>
    /// In a sandbox every address in the world is the server's, by a route and not by an interface: IPv6 sends from such
    /// an address only when told that it may (ipv6(7), IPV6_FREEBIND); IPv4 does as it is.
    /// </summary>
    public static void Prepare(Socket socket)
    {
        if (socket.AddressFamily == AddressFamily.InterNetworkV6) socket.SetRawSocketOption(Ipv6Protocol, Ipv6FreeBind, [1, 0, 0, 0]);
    }

    /// <param name="from">Of the socket's family.</param>
    /// <param name="networkInterface">Index of the interface that the query came in on; matters for link-local addresses only.</param>
    /// <returns>False when the kernel did not take it: no room, or no route back. A datagram may always be lost.</returns>
    public static unsafe bool TrySend(Socket socket, ReadOnlySpan<byte> data, IPEndPoint to, IPAddress from, int networkInterface)
    {
        var name = to.Serialize();
        var control = stackalloc byte[ControlSpace];
        new Span<byte>(control, ControlSpace).Clear();
        var used = WriteControl(control, from, networkInterface);
        fixed (byte* bytes = data)
        fixed (byte* address = name.Buffer.Span)
        {
            var vector = new Vector { Base = bytes, Length = (nuint)data.Length };
            var message = new Message { Name = address, NameLength = (uint)name.Size, Vectors = &vector, VectorCount = 1, Control = control, ControlLength = (nuint)used };
            bool reference = false;
            try
            {
                socket.SafeHandle.DangerousAddRef(ref reference);
                nint sent;
                do sent = sendmsg((int)socket.SafeHandle.DangerousGetHandle(), &message, DontWait);
                while (sent < 0 && Marshal.GetLastPInvokeError() == Interrupted);
                return sent >= 0;
            }
            finally
            {
                if (reference) socket.SafeHandle.DangerousRelease();
            }
        }
    }

    private static unsafe int WriteControl(byte* control, IPAddress from, int networkInterface)
    {
        var six = from.AddressFamily == AddressFamily.InterNetworkV6;
        // struct in_pktinfo: index, local address, header address. struct in6_pktinfo: address, index.
        var size = six ? 20 : 12;
        *(nuint*)control = (nuint)(ControlHead + size);
        *(int*)(control + 8) = six ? Ipv6Protocol : IpProtocol;
        *(int*)(control + 12) = six ? Ipv6PacketInfo : IpPacketInfo;
        var data = control + ControlHead;
        if (six)
        {
            from.TryWriteBytes(new Span<byte>(data, 16), out _);
            *(int*)(data + 16) = from.IsIPv6LinkLocal ? networkInterface : 0;
        }
        else
        {
            // No index: which way back is the routes' to say.
            from.TryWriteBytes(new Span<byte>(data + 4, 4), out _);
        }
        // CMSG_SPACE: data is followed by padding to eight bytes.
        return ControlHead + ((size + 7) & ~7);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint sendmsg(int socket, Message* message, int flags);

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
