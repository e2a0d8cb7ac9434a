using System.Buffers.Binary;
using System.Net;
using Kache.Sandbox;
using Kache.Sandbox.Kernel;
using Xunit;

namespace Kache.Tests.Sandbox;

public sealed class PacketTests
{
    private const byte Tcp = 6;
    private const byte Udp = 17;
    private const byte Syn = 2;
    private const byte SynAck = 0x12;
    private const byte Ack = 0x10;

    [Theory]
    [InlineData(false, Tcp, Syn, true)]
    [InlineData(false, Tcp, SynAck, false)]
    [InlineData(false, Tcp, Ack, false)]
    [InlineData(false, Udp, 0, true)]
    [InlineData(false, 1, 0, false)]
    [InlineData(true, Tcp, Syn, true)]
    [InlineData(true, Tcp, SynAck, false)]
    [InlineData(true, Udp, 0, true)]
    [InlineData(true, 58, 0, false)]
    public void The_kernel_lets_through_what_a_client_begins_with(bool six, byte protocol, byte flags, bool passes)
    {
        Assert.Equal(passes, Run(Packet(six, protocol, flags)) > 0);
        // IPv4 options make its head longer.
        if (!six) Assert.Equal(passes, Run(Packet(six, protocol, flags, options: 12)) > 0);
    }

    [Fact]
    public void Of_a_packet_that_is_let_through_enough_is_kept_to_read_it() =>
        Assert.True(ClientPacket.TryRead(Packet(true, Tcp, Syn).AsSpan(0, Math.Min(60, (int)Run(Packet(true, Tcp, Syn)))), out _));

    [Theory]
    [InlineData(false, Tcp, "203.0.113.9")]
    [InlineData(false, Udp, "203.0.113.9")]
    [InlineData(true, Tcp, "2001:db8::9")]
    [InlineData(true, Udp, "2001:db8::9")]
    public void It_says_where_it_goes(bool six, byte protocol, string destination)
    {
        Assert.True(ClientPacket.TryRead(Packet(six, protocol, Syn, to: IPAddress.Parse(destination)), out var read));
        Assert.Equal(new ClientPacket(IPAddress.Parse(destination), protocol == Tcp, 5432), read);
    }

    [Fact]
    public void What_the_gateway_sends_and_what_goes_to_many_is_nobodys_connection()
    {
        Assert.False(ClientPacket.TryRead(Packet(false, Udp, 0, from: SandboxNetwork.Gateway), out _));
        Assert.False(ClientPacket.TryRead(Packet(false, Udp, 0, to: IPAddress.Parse("224.0.0.251")), out _));
        Assert.False(ClientPacket.TryRead(Packet(true, Udp, 0, to: IPAddress.Parse("ff02::fb")), out _));
        Assert.False(ClientPacket.TryRead([], out _));
        Assert.False(ClientPacket.TryRead(Packet(false, Tcp, Syn).AsSpan(0, 22), out _));
    }

    private static byte[] Packet(bool six, byte protocol, byte flags, int options = 0, IPAddress? from = null, IPAddress? to = null)
    {
        var head = six ? 40 : 20 + options;
        var packet = new byte[head + 20];
        packet[0] = (byte)(six ? 0x60 : 0x40 | head / 4);
        packet[six ? 6 : 9] = protocol;
        (from ?? (six ? SandboxNetwork.Client6 : SandboxNetwork.Client)).GetAddressBytes().CopyTo(packet, six ? 8 : 12);
        (to ?? IPAddress.Parse(six ? "2001:db8::1" : "192.0.2.1")).GetAddressBytes().CopyTo(packet, six ? 24 : 16);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(head + 2), 5432);
        packet[head + 13] = flags;
        return packet;
    }

    /// <summary>What the kernel does with the program: classic BPF, as far as it is used.</summary>
    private static uint Run(byte[] packet)
    {
        uint a = 0, x = 0;
        var program = PacketFilter.Beginnings;
        for (var at = 0; ; at++)
        {
            var it = program[at];
            switch (it.Code)
            {
                case 0x30: a = packet[it.Value]; break;
                case 0x50: a = packet[x + it.Value]; break;
                case 0xb1: x = 4u * (packet[it.Value] & 0xfu); break;
                case 0x54: a &= it.Value; break;
                case 0x15: at += a == it.Value ? it.IfTrue : it.IfFalse; break;
                case 0x06: return it.Value;
                default: throw new InvalidOperationException($"an instruction that is not known: {it.Code}");
            }
        }
    }
}
