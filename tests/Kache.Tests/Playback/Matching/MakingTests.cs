using Kache.Exchanges;
using Kache.Playback.Matching;
using Xunit;

namespace Kache.Tests.Playback.Matching;

public sealed class MakingTests
{
    [Theory]
    [InlineData("", "", "Recorded")]
    [InlineData("if-none-match: \"v1\"", "", "NotModified")]
    [InlineData("if-none-match: \"v1\"\nrange: bytes=0-1", "", "NotModified")]
    [InlineData("range: bytes=0-1", "", "Range 0-1")]
    [InlineData("range: bytes=-2,0-0", "", "Range 8-9 0-0")]
    [InlineData("range: bytes=10-", "", "RangeNotSatisfiable")]
    [InlineData("range: bytes=0-1\nif-range: \"v1\"", "", "Range 0-1")]
    [InlineData("range: bytes=0-1\nif-range: \"v0\"", "", "Recorded")]
    [InlineData("range: bytes=0-1", "accept-ranges: none", "Recorded")]
    [InlineData("range: bytes=0-1", "content-encoding: gzip", "Decoded")]
    [InlineData("range: bytes=0-1\naccept-encoding: gzip", "content-encoding: gzip", "Range 0-1")]
    [InlineData("accept-encoding: br", "content-encoding: gzip", "Decoded")]
    [InlineData("if-none-match: \"v1\"\naccept-encoding: br", "content-encoding: gzip", "NotModified")]
    public void From_a_whole_body_is_made_what_was_asked(string asked, string response, string expected) =>
        Assert.Equal(expected, Text(Making.Of(Recorded.Answer("etag: \"v1\"\n" + response, "0123456789", request: "accept-encoding: gzip"), Recorded.Asked(asked))));

    [Theory]
    [InlineData("POST", "if-none-match: \"v1\"")]
    [InlineData("PUT", "range: bytes=0-1")]
    [InlineData("HEAD", "range: bytes=0-1")]
    public void Nothing_is_made_for_methods_that_have_no_such_thing(string method, string asked) =>
        Assert.Equal("Recorded", Text(Making.Of(Recorded.Answer("etag: \"v1\"", "0123456789"), Recorded.Asked(asked, method))));

    [Fact]
    [Trait("Row", "H8")]
    public void An_origin_that_ignored_the_range_ignores_it_again() =>
        Assert.Equal("Recorded", Text(Making.Of(Recorded.Answer(body: "0123456789", request: "range: bytes=0-1"), Recorded.Asked("range: bytes=0-1"))));

    [Theory]
    [InlineData(206, nameof(ExchangeOutcome.Complete), "range: bytes=0-1", "Recorded")]
    [InlineData(404, nameof(ExchangeOutcome.Complete), "if-none-match: *", "Recorded")]
    [InlineData(200, nameof(ExchangeOutcome.Incomplete), "range: bytes=0-1", "Incomplete")]
    [InlineData(502, nameof(ExchangeOutcome.Failed), "range: bytes=0-1", "Failure")]
    public void What_is_not_whole_goes_as_it_is(int status, string outcome, string asked, string expected) =>
        Assert.Equal(expected, Text(Making.Of(Recorded.Answer(body: "0123456789", status: status, outcome: Enum.Parse<ExchangeOutcome>(outcome)), Recorded.Asked(asked))));

    [Fact]
    public void Every_step_has_a_name_of_its_own()
    {
        var names = Enum.GetValues<MatchStep>().SelectMany(step => Enum.GetValues<MadeAs>().Select(made => StepNames.Of(step, made))).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.Equal("exact", StepNames.Of(MatchStep.Exact, MadeAs.Recorded));
        Assert.Equal("head-from-get+not-modified", StepNames.Of(MatchStep.HeadFromGet, MadeAs.NotModified));
        Assert.Equal("unsigned+damaged", StepNames.Of(MatchStep.Unsigned, MadeAs.Damaged));
        Assert.Equal("exact+joined+range", StepNames.Of(MatchStep.Exact, MadeAs.Range, joined: true));
    }

    private static string Text(Making making) => making.Ranges is null ? $"{making.As}" : $"{making.As} {string.Join(' ', making.Ranges)}";
}
