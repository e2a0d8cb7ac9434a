using System.Net;
using CsCheck;
using Kache.Host;
using Xunit;

namespace Kache.Tests.Host;

public sealed class ProbeMessageTests
{
    private static readonly byte[] Question = ProbeMessage.Question(0x1234, "probe.test", ProbeMessage.TypeA);

    private static byte[] Answer(byte code) =>
    [
        0x12, 0x34, 0x81, (byte)(0x80 | code), 0, 1, 0, 1, 0, 0, 0, 0, .. Question[12..],
        0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 192, 0, 2, 1,
    ];

    [Fact]
    public void An_answer_has_its_code_and_addresses()
    {
        var read = ProbeMessage.Read(Answer(0), 0x1234);
        Assert.Equal(0, read!.Value.Code);
        Assert.Equal([IPAddress.Parse("192.0.2.1")], read.Value.Addresses);
        Assert.Equal(5, ProbeMessage.Read(Answer(5), 0x1234)!.Value.Code);
    }

    [Fact]
    public void Questions_and_other_answers_are_not_taken_for_it()
    {
        Assert.Null(ProbeMessage.Read(Question, 0x1234));
        Assert.Null(ProbeMessage.Read(Answer(0), 0x4321));
    }

    [Fact]
    public void Garbage_is_no_answer_and_no_crash() =>
        Gen.Byte.Array[0, 64].Sample(bytes => ProbeMessage.Read(bytes, 0x1234) is null or { Code: >= 0 });

    [Fact]
    public void An_answer_cut_anywhere_is_no_answer()
    {
        var whole = Answer(0);
        for (var size = 0; size < whole.Length; size++) Assert.Null(ProbeMessage.Read(whole.AsSpan(0, size), 0x1234));
    }
}
