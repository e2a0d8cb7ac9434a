using CsCheck;
using Kache.Exchanges;
using Kache.Playback.Matching;
using Kache.Tests.Playback.Matching;
using Xunit;

namespace Kache.Tests.Exchanges;

[Trait("Row", "H9")]
public sealed class ContentCodingsTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("", "")]
    [InlineData("identity", "")]
    [InlineData("gzip", "gzip")]
    [InlineData("X-GZip", "gzip")]
    [InlineData("deflate, gzip", "deflate gzip")]
    [InlineData("identity, br", "br")]
    public void Codings_are_read_in_the_order_applied(string? field, string expected) =>
        Assert.Equal(expected, string.Join(' ', ContentCodings.Applied(field) ?? []));

    [Theory]
    [InlineData("gzip", "gzip", true)]
    [InlineData("gzip, br", "br", true)]
    [InlineData("x-gzip", "gzip", true)]
    [InlineData("GZIP;q=0.1", "gzip", true)]
    [InlineData("gzip;q=0", "gzip", false)]
    [InlineData("*", "zstd", true)]
    [InlineData("*;q=0, gzip", "gzip", true)]
    [InlineData("*, gzip;q=0", "gzip", false)]
    [InlineData("identity", "gzip", false)]
    [InlineData("", "gzip", false)]
    [InlineData(null, "gzip", false)]
    [InlineData("gzip", "deflate gzip", false)]
    [InlineData("gzip, deflate", "deflate gzip", true)]
    public void A_client_takes_what_it_names(string? acceptEncoding, string codings, bool expected) =>
        Assert.Equal(expected, ContentCodings.Accepts(acceptEncoding, codings.Split(' ')));

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("deflate br zstd gzip", true)]
    [InlineData("compress", false)]
    [InlineData("gzip dcb", false)]
    [InlineData("gzip gzip gzip gzip gzip", false)]
    public void Four_codings_can_be_undone_four_deep(string codings, bool expected) => Assert.Equal(expected, ContentCodings.CanUndo(codings.Split(' ')));

    [Fact]
    public void The_order_and_case_of_a_list_say_nothing()
    {
        var item = Gen.Select(Gen.OneOf("gzip", "br", "zstd", "deflate", "identity"), Gen.OneOf("", ";q=0", ";q=0.5", "; q=1"), (name, weight) => name + weight);
        Gen.Select(item.Array[0, 4].Where(items => items.Select(i => i.Split(';')[0]).Distinct().Count() == items.Length), Gen.OneOf("gzip", "br"))
            .Sample((items, coding) =>
            {
                var forward = ContentCodings.Accepts(string.Join(", ", items), [coding]);
                var backward = ContentCodings.Accepts(string.Join(',', items.Reverse()).ToUpperInvariant(), [coding]);
                return forward == backward && forward == items.Any(i => i.StartsWith(coding, StringComparison.Ordinal) && !i.EndsWith("q=0", StringComparison.Ordinal));
            });
    }

    [Theory]
    // Whoever asks as was asked gets what was got, even what it did not accept.
    [InlineData("gzip", "gzip", "content-encoding: gzip", true)]
    [InlineData(null, null, "content-encoding: gzip", true)]
    [InlineData("gzip", "gzip, br", "content-encoding: br", false)]
    [InlineData("br", "gzip", "content-encoding: gzip\nvary: accept-encoding", false)]
    [InlineData("gzip", "br", "", true)]
    // What cannot be undone goes as it is where nobody negotiated.
    [InlineData(null, "gzip", "content-encoding: compress", true)]
    [InlineData("gzip", "compress", "content-encoding: compress", true)]
    [InlineData("gzip", "compress", "content-encoding: compress\nvary: accept-encoding", false)]
    public void The_wire_variant_is_sent_where_the_client_takes_it(string? asked, string? recorded, string response, bool asIs) =>
        Assert.Equal(asIs, Coding.IsSentAsIs(asked, recorded, Recorded.Answer(response)));
}
