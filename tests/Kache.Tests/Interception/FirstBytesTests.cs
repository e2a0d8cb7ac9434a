using System.Buffers;
using System.Text;
using CsCheck;
using Kache.Interception;
using Xunit;

namespace Kache.Tests.Interception;

public sealed class FirstBytesTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("get /lower HTTP/1.1\r\n")]
    [InlineData("OPTIONS * HTTP/1.1\r\n")]
    [InlineData("GET http://a.test/ HTTP/1.1\r\n")]
    [InlineData("VERSION-CONTROL /x HTTP/1.1\r\n")]
    [InlineData("\r\nGET / HTTP/1.1\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    public void A_request_is_http(string text) => Assert.Equal(Opening.Http, Tell(text));

    [Theory]
    [InlineData("CONNECT a.test:443 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT x")]
    public void A_request_for_a_tunnel_is_told_apart(string text) => Assert.Equal(Opening.Connect, Tell(text));

    [Theory, Trait("Row", "N6")]
    [InlineData("SSH-2.0-OpenSSH_9.2p1\r\n")]
    [InlineData("USER anonymous\r\n")]
    [InlineData("EHLO client.test\r\n")]
    [InlineData("\u0000\u0001\u0002")]
    [InlineData("\u0016\u0001")]
    [InlineData("{\"json\":1}")]
    [InlineData("\r\n\r\n\r\n\r\n")]
    public void Anything_else_is_not_looked_into(string text) => Assert.Equal(Opening.Other, Tell(text));

    [Theory]
    [InlineData("")]
    [InlineData("\u0016")]
    [InlineData("G")]
    [InlineData("GET ")]
    [InlineData("GET h")]
    [InlineData("\r\n")]
    public void Too_little_says_nothing(string text) => Assert.Equal(Opening.Unknown, Tell(text));

    [Fact]
    public void A_handshake_record_is_tls() => Assert.Equal(Opening.Tls, Tell("\u0016\u0003\u0001"));

    [Fact]
    public void A_long_absolute_url_is_believed_before_its_end() =>
        Assert.Equal(Opening.Http, Tell("GET http://a.test/" + new string('x', 5000)));

    [Fact]
    public void It_makes_no_difference_how_the_bytes_are_cut() => Gen.Byte.Array[0, 80].Select(Gen.Int[1, 8]).Sample((bytes, size) =>
    {
        var whole = FirstBytes.Tell(new ReadOnlySequence<byte>(bytes));
        Assert.Equal(whole, FirstBytes.Tell(Pieces.Of(bytes, size)));
    });

    [Theory]
    [InlineData("GET /a HTTP/1.1\r\n")]
    [InlineData("CONNECT a:1 HTTP/1.1\r\n")]
    [InlineData("SSH-2.0-x\r\n")]
    [InlineData("GET http://x/ HTTP/1.0\r\n")]
    [InlineData("\u0016\u0003\u0001zz")]
    [InlineData("MAIL FROM:<a>\r\n")]
    public void What_was_told_of_a_beginning_stays_true(string text)
    {
        var told = Opening.Unknown;
        for (var length = 0; length <= text.Length; length++)
        {
            var now = Tell(text[..length]);
            if (told != Opening.Unknown) Assert.Equal(told, now);
            told = now;
        }
        Assert.NotEqual(Opening.Unknown, told);
    }

    private static Opening Tell(string text) => FirstBytes.Tell(new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes(text)));
}
