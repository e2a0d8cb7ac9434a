using System.Buffers.Binary;
using System.Net;
using Kache.Sandbox.Kernel;
using Xunit;

namespace Kache.Tests.Sandbox;

public sealed class NetlinkMessageTests
{
    [Fact]
    public void An_interface_is_set_up_by_its_index() => Assert.Equal(
        "20000000 1000 0500 01000000 00000000  00000000 07000000 01000000 01000000".Replace(" ", "", StringComparison.Ordinal),
        Convert.ToHexStringLower(NetlinkMessage.SetUp(7)));

    [Fact]
    public void An_address_needs_no_looking_for_others_that_have_it() => Assert.Equal(
        "28000000 1400 0506 01000000 00000000  02180200 07000000  0800 0200 c6120002  0800 0100 c6120002".Replace(" ", "", StringComparison.Ordinal),
        Convert.ToHexStringLower(NetlinkMessage.AddAddress(7, IPAddress.Parse("198.18.0.2"), 24)));

    [Fact]
    public void A_cable_names_both_of_its_ends_and_the_others_network()
    {
        var message = NetlinkMessage.Cable("gate", "eth0", 1000, 42);
        Assert.Equal(message.Length, (int)BinaryPrimitives.ReadUInt32LittleEndian(message));
        Assert.Equal(0, message.Length % 4);
        Assert.True(message.AsSpan().IndexOf("gate\0"u8) > 0 && message.AsSpan().IndexOf("eth0\0"u8) > message.AsSpan().IndexOf("veth\0"u8));
        Assert.Equal([8, 0, 28, 0, 42, 0, 0, 0], message[^8..]);
    }

    [Fact]
    public void An_acknowledgement_is_zero_or_an_error()
    {
        var answer = new byte[36];
        answer[4] = 2;
        Assert.Equal(0, NetlinkMessage.ReadAcknowledgement(answer));
        BinaryPrimitives.WriteInt32LittleEndian(answer.AsSpan(16), -17);
        Assert.Equal(17, NetlinkMessage.ReadAcknowledgement(answer));
        answer[4] = 16;
        Assert.Throws<InvalidDataException>(() => NetlinkMessage.ReadAcknowledgement(answer));
    }
}
