using Kache.Playback.Matching;
using Xunit;

namespace Kache.Tests.Playback.Matching;

[Trait("Row", "H7")]
public sealed class ConditionsTests
{
    private const string Monday = "Mon, 02 Nov 2026 10:00:00 GMT";
    private const string Tuesday = "Tue, 03 Nov 2026 10:00:00 GMT";

    [Theory]
    [InlineData("if-none-match: \"a\"", "etag: \"a\"", true)]
    [InlineData("if-none-match: W/\"a\"", "etag: \"a\"", true)]
    [InlineData("if-none-match: \"a\"", "etag: W/\"a\"", true)]
    [InlineData("if-none-match: \"b\", \"a\"", "etag: \"a\"", true)]
    [InlineData("if-none-match: \"b,\"a\"", "etag: \"a\"", false)]
    [InlineData("if-none-match: \"x,y\", \"a\"", "etag: \"x,y\"", true)]
    [InlineData("if-none-match: *", "", true)]
    [InlineData("if-none-match: \"a\"", "", false)]
    [InlineData("if-none-match: a", "etag: a", true)]
    [InlineData("if-none-match: \"A\"", "etag: \"a\"", false)]
    [InlineData("if-none-match: \"b\"\nif-modified-since: " + Tuesday, "etag: \"a\"\nlast-modified: " + Monday, false)]
    [InlineData("if-modified-since: " + Tuesday, "last-modified: " + Monday, true)]
    [InlineData("if-modified-since: " + Monday, "last-modified: " + Monday, true)]
    [InlineData("if-modified-since: " + Monday, "last-modified: " + Tuesday, false)]
    [InlineData("if-modified-since: yesterday", "last-modified: yesterday", true)]
    [InlineData("if-modified-since: yesterday", "last-modified: " + Monday, false)]
    [InlineData("if-modified-since: " + Monday, "", false)]
    [InlineData("", "etag: \"a\"", false)]
    public void A_304_is_computed_from_the_recorded_validators(string asked, string response, bool expected) =>
        Assert.Equal(expected, Conditions.IsNotModified(Recorded.Asked(asked).Fields, Recorded.Answer(response)));

    [Theory]
    [Trait("Row", "H8")]
    [InlineData(null, "etag: \"a\"", true)]
    [InlineData("\"a\"", "etag: \"a\"", true)]
    [InlineData(" \"a\" ", "etag: \"a\"", true)]
    [InlineData("\"b\"", "etag: \"a\"", false)]
    [InlineData("W/\"a\"", "etag: W/\"a\"", false)]
    [InlineData("\"a\"", "etag: W/\"a\"", false)]
    [InlineData(Monday, "last-modified: " + Monday, true)]
    [InlineData(Tuesday, "last-modified: " + Monday, false)]
    [InlineData(Monday, "", false)]
    public void A_range_holds_under_the_same_strong_validator_only(string? ifRange, string response, bool expected) =>
        Assert.Equal(expected, Conditions.RangeHolds(ifRange, Recorded.Answer(response)));
}
