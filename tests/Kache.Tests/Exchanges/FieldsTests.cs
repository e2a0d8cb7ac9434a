using Kache.Exchanges;
using Xunit;

namespace Kache.Tests.Exchanges;

[Trait("Row", "H2")]
public sealed class FieldsTests
{
    private static readonly Fields Some = new([new("set-cookie", "a=1"), new("via", "x"), new("set-cookie", "b=2")]);

    [Fact]
    public void Lines_of_one_name_stay_apart_and_in_order()
    {
        Assert.Equal(["a=1", "b=2"], ((IEnumerable<Field>)Some).Where(f => f.Name == "set-cookie").Select(f => f.Value));
        Assert.Equal("a=1", Some.First("set-cookie"));
        Assert.Equal("a=1, b=2", Some.Combined("set-cookie"));
        Assert.Null(Some.Combined("etag"));
    }

    [Fact]
    public void Fields_are_equal_line_by_line()
    {
        Assert.Equal(Some, new Fields([new("set-cookie", "a=1"), new("via", "x"), new("set-cookie", "b=2")]));
        Assert.NotEqual(Some, new Fields([new("set-cookie", "b=2"), new("via", "x"), new("set-cookie", "a=1")]));
        Assert.Equal(new Fields([new("via", "x")]), Some.Without(name => name == "set-cookie"));
        Assert.Same(Some, Some.Without(name => name == "etag"));
    }

    [Theory]
    [InlineData("close", "connection keep-alive proxy-connection te transfer-encoding upgrade http2-settings", "x-a etag trailer")]
    [InlineData("keep-alive, X-A", "x-a", "etag")]
    [InlineData("Upgrade, HTTP2-Settings", "upgrade http2-settings", "x-a")]
    // Whoever lists these is wrong, and the message keeps its meaning.
    [InlineData("Host, Content-Length, Authorization, ETag, X-A", "x-a", "host content-length authorization etag")]
    public void Fields_of_one_connection_are_told_from_those_of_the_message(string connection, string hops, string kept)
    {
        var found = HopByHop.Of([connection]);
        Assert.All(hops.Split(' '), name => Assert.True(found.Includes(name), name));
        Assert.All(kept.Split(' '), name => Assert.False(found.Includes(name), name));
    }
}
