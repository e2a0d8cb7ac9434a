using Kache.Store;
using Xunit;

namespace Kache.Tests;

public sealed class TagNameTests
{
    [Theory]
    [InlineData("example1")]
    [InlineData("team/app:2026-11")]
    [InlineData("a.b_c-d/e:Latest.1_x-y")]
    public void A_well_formed_tag_is_taken(string text) => Assert.True(TagName.TryParse(text, out _));

    [Theory]
    [InlineData("")]
    [InlineData("Example")]
    [InlineData("a//b")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("a:")]
    [InlineData("a:b:c")]
    [InlineData("a\n")]
    [InlineData("../a")]
    [InlineData("sha256:abcdef")]
    public void Anything_else_is_not(string text) => Assert.False(TagName.TryParse(text, out _));
}
