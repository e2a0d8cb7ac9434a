using System.Globalization;
using CsCheck;
using Kache.Exchanges;
using Xunit;

namespace Kache.Tests.Exchanges;

[Trait("Row", "H8")]
public sealed class ContentRangeTests
{
    [Theory]
    [InlineData("bytes 0-0/1", 0L, 0L, 1L)]
    [InlineData("bytes 5-9/10", 5L, 9L, 10L)]
    [InlineData(" Bytes 5-9/* ", 5L, 9L, null)]
    [InlineData("bytes */10", null, null, 10L)]
    public void What_the_grammar_allows_is_read(string field, long? first, long? last, long? total) =>
        Assert.Equal(new ContentRange(first, last, total), ContentRange.Parse(field));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("bytes")]
    [InlineData("bytes 5-9")]
    [InlineData("bytes 9-5/10")]
    [InlineData("bytes 5-10/10")]
    [InlineData("bytes -5/10")]
    [InlineData("bytes 5-/10")]
    [InlineData("bytes */*")]
    [InlineData("bytes 0-1/99999999999999999999")]
    [InlineData("lines 0-1/2")]
    [InlineData("bytes 0-1/2/3")]
    public void Anything_else_says_nothing(string? field) => Assert.Null(ContentRange.Parse(field));

    [Fact]
    public void Nothing_breaks_the_reader_and_what_it_takes_makes_sense() =>
        Gen.String[Gen.Char["bytes 0123456789-/*,"], 0, 16].Select(text => "bytes " + text).Sample(text =>
            ContentRange.Parse(text) is not { } range || (range.First is null ? range.Last is null && range.Total is not null
                : range.First <= range.Last && (range.Total is null || range.Last < range.Total) && text.Contains(range.First.Value.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)), iter: 50_000);
}
