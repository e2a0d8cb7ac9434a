using Kache.Exchanges;
using Kache.Playback.Matching;
using Xunit;

namespace Kache.Tests.Playback.Matching;

[Trait("Row", "H21")]
public sealed class NearestTests
{
    [Theory]
    [InlineData("GET /a/b", "POST /a/b", "the method is POST")]
    [InlineData("GET /a/b?x=1&y=2", "GET /a/b?x=1&y=3", "the query differs in y")]
    [InlineData("GET /a/b?x=1&y=2", "GET /a/b?y=2&x=1", "the query is in another order")]
    [InlineData("GET /a/b?x=1", "GET /a/b", "the query differs in x")]
    [InlineData("GET /pkg/left-1.0.tgz", "GET /pkg/left-1.1.tgz", "the path is another")]
    public void What_differs_is_said(string asked, string recorded, string difference) =>
        Assert.Equal(difference, Assert.Single(Nearest.Of(Asked(asked), [Key(recorded)])).Difference);

    [Fact]
    public void The_nearest_come_first_and_the_farther_are_left_out()
    {
        var near = Nearest.Of(Asked("GET /a/b/c?v=1"), [Key("GET /z"), Key("GET /a/x"), Key("GET /a/b/c?v=2"), Key("POST /a/b/c?v=1"), Key("GET /a/b/d"), Key("GET /a/b/c?v=1&w=2")]);
        Assert.Equal(["POST https://origin.test/a/b/c?v=1", "GET https://origin.test/a/b/c?v=1&w=2", "GET https://origin.test/a/b/c?v=2"], near.Select(n => $"{n.Method} {n.Url}"));
    }

    [Fact]
    public void A_request_body_that_differs_is_said()
    {
        var key = new RecordedKey("POST", "https", Recorded.Origin, "/q", Digest.Of("one"u8));
        Assert.Equal("the request body is another", Assert.Single(Nearest.Of(Recorded.Asked(method: "POST", target: "/q", body: Digest.Of("two"u8)), [key])).Difference);
    }

    [Fact]
    public void Nothing_in_common_is_not_near() => Assert.Empty(Nearest.Of(Asked("GET /a"), [Key("GET /b")]));

    private static AskedRequest Asked(string text) => Recorded.Asked(method: text.Split(' ')[0], target: text.Split(' ')[1]);

    private static RecordedKey Key(string text) => new(text.Split(' ')[0], "https", Recorded.Origin, text.Split(' ')[1], Digest.Empty);
}
