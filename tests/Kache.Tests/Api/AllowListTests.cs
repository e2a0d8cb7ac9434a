using System.Text.RegularExpressions;
using CsCheck;
using Kache.Api;
using Xunit;

namespace Kache.Tests.Api;

public sealed class AllowListTests
{
    [Theory]
    [InlineData("*", "anything", true)]
    [InlineData("team/*", "team/app:1", true)]
    [InlineData("team/*", "team", false)]
    [InlineData("team/?", "team/a", true)]
    [InlineData("team/?", "team/ab", false)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("a", "A", false)]
    public void A_pattern_stands_for_tags(string pattern, string tag, bool expected) => Assert.Equal(expected, AllowList.Matches(pattern, tag));

    [Fact]
    public void A_pattern_says_what_a_regular_expression_says() =>
        Gen.Select(Gen.String[Gen.Char["ab*?."], 0, 8], Gen.String[Gen.Char["ab."], 0, 10]).Sample((pattern, text) =>
            AllowList.Matches(pattern, text) == Regex.IsMatch(text,
                $@"\A{Regex.Escape(pattern).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal)}\z", RegexOptions.Singleline | RegexOptions.NonBacktracking));

    [Fact]
    public void Many_stars_cost_no_more_than_a_few() =>
        Assert.False(AllowList.Matches(string.Concat(Enumerable.Repeat("*a", 200)) + "b", new string('a', 5000)));

    [Fact]
    public void A_right_to_one_mode_is_none_to_the_other_and_either_lets_see()
    {
        Assert.True(AllowList.TryParse(["record:team/*", "playback:base"], out var allow, out _));
        Assert.True(allow.MayRecord("team/a"));
        Assert.False(allow.MayPlayBack("team/a"));
        Assert.True(allow.MayPlayBack("base"));
        Assert.False(allow.MayRecord("base"));
        Assert.True(allow.MaySee("team/a"));
        Assert.True(allow.MaySee("base"));
        Assert.False(allow.MaySee("other"));
        Assert.False(allow.IsAdmin);
    }

    [Fact]
    public void An_administrator_may_do_everything()
    {
        Assert.True(AllowList.TryParse(["admin"], out var allow, out _));
        Assert.True(allow.MayRecord("x") && allow.MayPlayBack("x") && allow.IsAdmin);
    }

    [Theory]
    [InlineData]
    [InlineData("")]
    [InlineData("record")]
    [InlineData("record:")]
    [InlineData("Record:*")]
    [InlineData("write:*")]
    [InlineData("admin ")]
    [InlineData("record:*", "admin:*")]
    public void What_nobody_can_be_allowed_is_refused_with_what_can(params string[] words)
    {
        Assert.False(AllowList.TryParse(words, out _, out var mistake));
        Assert.Contains("record:PATTERN", mistake);
    }

    [Fact]
    public void Words_that_a_later_version_left_allow_nothing()
    {
        var allow = AllowList.Of(["superuser", "record:"]);
        Assert.False(allow.IsAdmin || allow.MaySee("") || allow.MaySee("x"));
    }
}
