using System.Globalization;
using System.Numerics;
using CsCheck;
using Kache.Playback.Matching;
using Xunit;

namespace Kache.Tests.Playback.Matching;

[Trait("Row", "H8")]
public sealed class ByteRangesTests
{
    [Theory]
    [InlineData("bytes=0-0", 10, "0-0")]
    [InlineData("bytes=0-", 10, "0-9")]
    [InlineData("bytes=9-", 10, "9-9")]
    [InlineData("bytes=-3", 10, "7-9")]
    [InlineData("bytes=-30", 10, "0-9")]
    [InlineData("bytes=2-4,6-7", 10, "2-4 6-7")]
    [InlineData("bytes=6-7 , 2-4", 10, "6-7 2-4")]
    [InlineData("Bytes=2-400", 10, "2-9")]
    [InlineData("bytes=20-30,1-1", 10, "1-1")]
    [InlineData("bytes=1-99999999999999999999999", 10, "1-9")]
    [InlineData("bytes=-99999999999999999999999", 10, "0-9")]
    public void What_can_be_satisfied_is_cut_out(string field, long length, string expected) =>
        Assert.Equal(expected, string.Join(' ', ByteRanges.Of(field, length)!));

    [Theory]
    [InlineData("bytes=10-", 10)]
    [InlineData("bytes=10-20", 10)]
    [InlineData("bytes=-0", 10)]
    [InlineData("bytes=0-", 0)]
    [InlineData("bytes=-1", 0)]
    [InlineData("bytes=10-,20-30", 10)]
    [InlineData("bytes=99999999999999999999999-", 10)]
    public void What_lies_beyond_the_body_cannot_be_satisfied(string field, long length) => Assert.Empty(ByteRanges.Of(field, length)!);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("bytes")]
    [InlineData("bytes=")]
    [InlineData("bytes=,")]
    [InlineData("bytes=-")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes=5-4")]
    [InlineData("bytes=+1-2")]
    [InlineData("bytes=1-2-3")]
    [InlineData("bytes=1 - 2")]
    [InlineData("lines=1-2")]
    [InlineData("bytes=0-8,1-9")]
    public void Anything_else_asks_for_the_whole(string? field) => Assert.Null(ByteRanges.Of(field, 10));

    [Fact]
    public void A_hundred_parts_are_many_enough()
    {
        static string Field(int parts) => "bytes=" + string.Join(',', Enumerable.Range(0, parts).Select(i => $"{2 * i}-{2 * i}"));

        Assert.Equal(100, ByteRanges.Of(Field(100), 1000)!.Count);
        Assert.Null(ByteRanges.Of(Field(101), 1000));
    }

    [Fact]
    public void Ranges_are_those_of_a_model_that_looks_at_every_byte()
    {
        var number = Gen.OneOf(Gen.Int[0, 12].Select(n => n.ToString(CultureInfo.InvariantCulture)), Gen.Const(""), Gen.Const("18446744073709551616"));
        var spec = Gen.Select(number, number, (first, last) => $"{first}-{last}");
        Gen.Select(spec.Array[1, 4], Gen.Int[0, 10]).Sample((specs, length) =>
        {
            var expected = Model(specs, length);
            var actual = ByteRanges.Of("bytes=" + string.Join(',', specs), length);
            return expected is null ? actual is null : actual is not null && expected.SequenceEqual(actual);
        });
    }

    // RFC 9110 §14.1.2, word by word, over numbers of any size.
    private static List<ByteRange>? Model(string[] specs, int length)
    {
        var ranges = new List<ByteRange>();
        foreach (var spec in specs)
        {
            var (first, last) = (spec.Split('-')[0], spec.Split('-')[1]);
            if (first.Length == 0 && last.Length == 0) return null;
            if (first.Length > 0 && last.Length > 0 && BigInteger.Parse(last, CultureInfo.InvariantCulture) < BigInteger.Parse(first, CultureInfo.InvariantCulture)) return null;
            var asked = Enumerable.Range(0, length).Where(at => first.Length == 0
                ? at >= length - BigInteger.Parse(last, CultureInfo.InvariantCulture)
                : at >= BigInteger.Parse(first, CultureInfo.InvariantCulture) && (last.Length == 0 || at <= BigInteger.Parse(last, CultureInfo.InvariantCulture))).ToList();
            if (asked.Count > 0) ranges.Add(new ByteRange(asked[0], asked.Count));
        }
        return ranges.Count > 1 && ranges.Sum(range => range.Length) > length ? null : ranges;
    }
}
