using Kache.Playback.Matching;
using Kache.Sessions;
using Xunit;

namespace Kache.Tests.Playback.Matching;

public sealed class ConfiguredRulesTests
{
    private static readonly ConfiguredRules Rules = new(
    [
        new MatchingRule("api.test", ["nonce", "utm_*"], ["session"]),
        new MatchingRule(".test", ["every"], []),
        new MatchingRule("*", ["all"], ["id"]),
    ]);

    [Theory]
    [InlineData("api.test", "/a?nonce=1&q=2&utm_source=x&utm=3", "/a?q=2&utm=3")]
    [InlineData("api.test", "/a?nonce&all&every", "/a")]
    [InlineData("other.test", "/a?nonce=1&every=2&all=3", "/a?nonce=1")]
    [InlineData("test", "/a?nonce=1&every=2&all=3", "/a?nonce=1&every=2")]
    [InlineData("api.test", "/a?Nonce=1&%6Eonce=2", "/a?Nonce=1&%6Eonce=2")]
    [InlineData("api.test", "/a", "/a")]
    [InlineData("api.test", "/a?X-Amz-Signature=1&nonce=2", "/a")]
    public void Parameters_are_left_out_by_every_rule_that_is_for_the_host(string host, string target, string expected) =>
        Assert.Equal(expected, Rules.For(host)!.Strip(target));

    [Fact]
    public void Fields_of_bodies_add_up()
    {
        Assert.True(Rules.For("api.test")!.BodyFields.Contains("session"));
        Assert.True(Rules.For("api.test")!.BodyFields.Contains("id"));
        Assert.False(Rules.For("other.test")!.BodyFields.Contains("session"));
    }

    [Fact]
    public void Without_rules_there_is_nothing() => Assert.Null(ConfiguredRules.None.For("api.test"));
}
