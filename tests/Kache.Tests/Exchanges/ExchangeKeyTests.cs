using Kache.Exchanges;
using Xunit;

namespace Kache.Tests.Exchanges;

public sealed class ExchangeKeyTests
{
    private static readonly Authority Origin = new("origin.test", 443);

    [Theory]
    [Trait("Row", "N12")]
    [InlineData(null, null)]
    [InlineData("origin.test", null)]
    [InlineData("Origin.test:443", null)]
    [InlineData("origin.test.", null)]
    [InlineData("Other.test", "other.test")]
    [InlineData("origin.test:8443", "origin.test:8443")]
    [InlineData("not a host", null)]
    public void Host_is_in_the_key_where_it_names_another(string? host, string? expected) =>
        Assert.Equal(expected, ExchangeKey.Of("GET", "https", Origin, host, "/", Digest.Empty).Host);

    [Fact]
    public void Keys_that_differ_in_anything_have_other_hashes()
    {
        var key = ExchangeKey.Of("GET", "https", Origin, null, "/a", Digest.Empty);
        ExchangeKey[] others =
        [
            key with { Method = "get" }, key with { Scheme = "http" }, key with { Authority = new("origin.test", 444) },
            key with { Host = "a" }, key with { Target = "/A" }, key with { Body = Digest.Of("x"u8) },
            // What is in one part is not in the next.
            key with { Method = "GEThttps", Scheme = "" },
        ];
        Assert.Equal(others.Length + 1, others.Append(key).Select(each => each.Hash()).Distinct().Count());
    }

    [Fact]
    public void The_hash_is_the_same_on_every_machine() =>
        Assert.Equal(4392804762518182948UL, ExchangeKey.Of("GET", "https", Origin, null, "/a?b=c", Digest.Empty).Hash());
}
