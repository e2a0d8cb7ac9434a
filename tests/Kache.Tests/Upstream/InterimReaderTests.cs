using System.Text;
using CsCheck;
using Kache.Upstream;
using Xunit;

namespace Kache.Tests.Upstream;

[Trait("Row", "H13")]
public sealed class InterimReaderTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 103 x\r\n\r\n", "")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "100")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "103")]
    [InlineData("HTTP/1.1 102\r\n\r\nHTTP/1.1 103 \r\nA: b\r\n\r\nHTTP/1.1 204 No\r\n\r\n", "102 103")]
    [InlineData("HTTP/1.1 103 x\nA: b\n\nHTTP/1.1 200 OK\n\n", "103")]
    [InlineData("HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 103 x\r\n\r\n", "")]
    [InlineData("HTTP/1.1 1xx\r\n\r\n", "")]
    [InlineData("<html>HTTP/1.1 103 x", "")]
    [InlineData("HTTP/1.1", "")]
    public void Interim_heads_are_seen_before_the_final_one_however_they_are_cut(string bytes, string expected) =>
        Gen.Int[1, 8].Array[1, 40].Sample(cuts =>
        {
            var reader = new InterimReader();
            var seen = new List<int>();
            var left = Encoding.ASCII.GetBytes(bytes).AsSpan();
            for (var i = 0; left.Length > 0; i++)
            {
                var cut = i < cuts.Length ? Math.Min(cuts[i], left.Length) : left.Length;
                reader.Read(left[..cut], seen.Add);
                left = left[cut..];
            }
            return string.Join(' ', seen) == expected;
        });

    [Fact]
    public void The_next_request_begins_anew()
    {
        var reader = new InterimReader();
        var seen = new List<int>();
        reader.Read("HTTP/1.1 200 OK\r\n\r\nbody"u8, seen.Add);
        Assert.True(reader.IsFinal);
        reader.Begin();
        reader.Read("HTTP/1.1 103 x\r\n\r\nHTTP/1.1 404 x\r\n\r\n"u8, seen.Add);
        Assert.True(reader.IsFinal);
        Assert.Equal([103], seen);
    }
}
