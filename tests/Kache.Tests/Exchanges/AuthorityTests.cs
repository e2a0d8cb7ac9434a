using CsCheck;
using Kache.Exchanges;
using Xunit;

namespace Kache.Tests.Exchanges;

[Trait("Row", "N12")]
public sealed class AuthorityTests
{
    [Theory]
    [InlineData("origin.test", "origin.test:443")]
    [InlineData("Origin.TEST.:8080", "origin.test:8080")]
    [InlineData("origin.test:", "origin.test:443")]
    [InlineData("192.0.2.1:80", "192.0.2.1:80")]
    [InlineData("[2001:DB8::1]", "[2001:db8::1]:443")]
    [InlineData("[2001:db8::1]:8443", "[2001:db8::1]:8443")]
    public void Host_and_port_are_read(string text, string expected)
    {
        Assert.True(Authority.TryParse(text, 443, out var authority));
        Assert.Equal(expected, authority.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData(":80")]
    [InlineData("2001:db8::1")]
    [InlineData("[2001:db8::1")]
    [InlineData("[2001:db8::1]x")]
    [InlineData("[]")]
    [InlineData("[origin.test]:80")]
    [InlineData("[192.0.2.1]")]
    [InlineData("a:0")]
    [InlineData("a:65536")]
    [InlineData("a:+80")]
    [InlineData("a:80:90")]
    [InlineData("user@a")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("a\tb")]
    public void Anything_else_is_none(string? text) => Assert.False(Authority.TryParse(text, 443, out _));

    [Fact]
    public void A_literal_is_dialled_without_its_brackets()
    {
        Assert.True(Authority.TryParse("[::1]:80", 443, out var literal));
        Assert.Equal("::1", literal.DialName);
        Assert.Equal("[::1]", Authority.NormalizeHost("::1"));
    }

    [Fact]
    public void What_is_written_is_read_again() =>
        Gen.Select(Gen.String[Gen.Char["abcdefghijklmnopqrstuvwxyz0123456789-."], 1, 20].Where(host => !host.EndsWith('.')), Gen.Int[1, 65535])
            .Sample((host, port) => Authority.TryParse(new Authority(host, port).ToString(), 1, out var read) && read == new Authority(host, port));
}
