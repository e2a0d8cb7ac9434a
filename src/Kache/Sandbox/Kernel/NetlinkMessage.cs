using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Kache.Sandbox.Kernel;

/// <summary>
/// Requests of rtnetlink(7), as bytes: a head, a fixed part, attributes that may nest. Pure. Written here because a machine
/// may be without the ip program, and starting it ten times would take longer than all the rest.
/// </summary>
internal sealed class NetlinkMessage
{
    private const ushort NewLink = 16;
    private const ushort NewAddress = 20;
    private const ushort NewRoute = 24;
    private const ushort Request = 1;
    private const ushort Acknowledge = 4;
    private const ushort CreateNew = 0x400 | 0x200;

    private const ushort LinkName = 3;
    private const ushort LinkNetwork = 28;
    private const ushort LinkInfo = 18;
    private const ushort LinkKind = 1;
    private const ushort LinkData = 2;
    private const ushort Peer = 1;
    private const uint Up = 1;

    private const ushort Address = 1;
    private const ushort LocalAddress = 2;
    private const byte NoDuplicateDetection = 2;

    private const byte MainTable = 254;
    private const byte SetAtBoot = 3;
    private const byte HostScope = 254;
    private const byte Unicast = 1;
    private const byte Local = 2;
    private const ushort OutInterface = 4;
    private const ushort Gateway = 5;

    private readonly MemoryStream _bytes = new();

    private NetlinkMessage(ushort type, ushort flags)
    {
        // struct nlmsghdr: length, type, flags, sequence, port.
        Number(0);
        Short(type);
        Short((ushort)(Request | Acknowledge | flags));
        Number(1);
        Number(0);
    }

    /// <summary>Two network interfaces joined by a cable, one of them in another network.</summary>
    /// <param name="index">Of both, each in its network.</param>
    public static byte[] Cable(string name, string peer, int index, int peerNetwork)
    {
        var message = new NetlinkMessage(NewLink, CreateNew);
        message.Interface(index, 0);
        message.Text(LinkName, name);
        message.Nested(LinkInfo, () =>
        {
            message.Text(LinkKind, "veth");
            message.Nested(LinkData, () => message.Nested(Peer, () =>
            {
                message.Interface(index, 0);
                message.Text(LinkName, peer);
                message.Value(LinkNetwork, BitConverter.GetBytes(peerNetwork));
            }));
        });
        return message.End();
    }

    public static byte[] SetUp(int index)
    {
        var message = new NetlinkMessage(NewLink, 0);
        message.Interface(index, Up);
        return message.End();
    }

    public static byte[] AddAddress(int index, IPAddress address, byte prefix)
    {
        var message = new NetlinkMessage(NewAddress, CreateNew);
        // struct ifaddrmsg: family, prefix length, flags, scope, index. Nobody else can have the address: no need to look for them.
        message._bytes.Write([Family(address), prefix, NoDuplicateDetection, 0]);
        message.Number((uint)index);
        message.Value(LocalAddress, address.GetAddressBytes());
        message.Value(Address, address.GetAddressBytes());
        return message.End();
    }

    public static byte[] DefaultRoute(IPAddress gateway, int index)
    {
        var message = new NetlinkMessage(NewRoute, CreateNew);
        message.Route(Family(gateway), 0, Unicast);
        message.Value(Gateway, gateway.GetAddressBytes());
        message.Value(OutInterface, BitConverter.GetBytes(index));
        return message.End();
    }

    /// <summary>Every address that no other route leads to is this machine's own. In the main table, so that more exact routes win.</summary>
    public static byte[] EverythingIsLocal(IPAddress any, int loopback)
    {
        var message = new NetlinkMessage(NewRoute, CreateNew);
        message.Route(Family(any), HostScope, Local);
        message.Value(OutInterface, BitConverter.GetBytes(loopback));
        return message.End();
    }

    /// <returns>0, or the error's number (errno(3)).</returns>
    public static int ReadAcknowledgement(ReadOnlySpan<byte> answer)
    {
        // struct nlmsgerr after the head: the error's number, negative.
        return answer.Length >= 20 && BinaryPrimitives.ReadUInt16LittleEndian(answer[4..]) == 2
            ? -BinaryPrimitives.ReadInt32LittleEndian(answer[16..])
            : throw new InvalidDataException("the kernel answered a netlink request with something else than an acknowledgement");
    }

    // AF_INET, AF_INET6.
    private static byte Family(IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? (byte)2 : (byte)10;

    /// <summary>struct ifinfomsg: family, type, index, flags, which of them to change.</summary>
    private void Interface(int index, uint flags)
    {
        Number(0);
        Number((uint)index);
        Number(flags);
        Number(flags);
    }

    /// <summary>struct rtmsg: family, destination and source length, TOS, table, protocol, scope, type, flags.</summary>
    private void Route(byte family, byte scope, byte type)
    {
        _bytes.Write([family, 0, 0, 0, MainTable, SetAtBoot, scope, type]);
        Number(0);
    }

    private void Text(ushort type, string text) => Value(type, Encoding.ASCII.GetBytes(text + "\0"));

    private void Value(ushort type, ReadOnlySpan<byte> value)
    {
        Short((ushort)(4 + value.Length));
        Short(type);
        _bytes.Write(value);
        while (_bytes.Length % 4 != 0) _bytes.WriteByte(0);
    }

    private void Nested(ushort type, Action content)
    {
        var start = _bytes.Position;
        Short(0);
        Short(type);
        content();
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.GetBuffer().AsSpan((int)start), (ushort)(_bytes.Position - start));
    }

    private byte[] End()
    {
        var bytes = _bytes.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)bytes.Length);
        return bytes;
    }

    private void Short(ushort number)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, number);
        _bytes.Write(bytes);
    }

    private void Number(uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
        _bytes.Write(bytes);
    }
}
