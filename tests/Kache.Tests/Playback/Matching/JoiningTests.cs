using System.Text;
using CsCheck;
using Kache.Exchanges;
using Kache.Playback.Matching;
using Xunit;

namespace Kache.Tests.Playback.Matching;

[Trait("Row", "H8")]
public sealed class JoiningTests
{
    private const string Whole = "0123456789abcdef";

    [Theory]
    // Two halves make the whole, and every piece of it.
    [InlineData("0-7 8-15", null, "exact: 0-15")]
    [InlineData("8-15 0-7", null, "exact: 0-15")]
    [InlineData("0-9 6-15", "bytes=5-12", "range: 5-12")]
    [InlineData("0-9 6-15", "bytes=-4", "range: 12-15")]
    [InlineData("0-9 6-15", "bytes=0-0,15-15", "range: 0-0 15-15")]
    [InlineData("0-9 6-15", "bytes=16-", "not satisfiable")]
    // What is not there is not made.
    [InlineData("0-7 9-15", null, "none")]
    [InlineData("0-7 9-15", "bytes=7-9", "none")]
    [InlineData("0-7 9-15", "bytes=10-11", "range: 10-11")]
    [InlineData("4-7", "bytes=5-6", "range: 5-6")]
    [InlineData("4-7", "bytes=5-8", "none")]
    public void Pieces_make_what_they_cover(string pieces, string? range, string expected) =>
        Assert.Equal(expected, Made(pieces.Split(' ').Select((piece, at) => Piece(at, piece)), range is null ? "" : $"range: {range}"));

    [Fact]
    public void A_beginning_and_the_rest_make_the_whole()
    {
        var beginning = Recorded.Exchange(0, status: 200, response: "etag: \"v\"\ncontent-length: 16", body: Whole[..5], outcome: ExchangeOutcome.Incomplete);

        Assert.Equal("exact: 0-15", Made([beginning, Piece(1, "5-15")], ""));
        Assert.Equal("exact: 0-15", Made([Piece(0, "5-15"), beginning with { Ordinal = 1 }], ""));
        Assert.Equal("none", Made([beginning, Piece(1, "6-15")], ""));
    }

    [Theory]
    [InlineData("etag: \"v\"", "etag: \"w\"")]
    [InlineData("etag: W/\"v\"", "etag: W/\"v\"")]
    [InlineData("", "")]
    [InlineData("etag: \"v\"", "etag: \"v\"\ncontent-encoding: gzip")]
    [InlineData("last-modified: Mon, 02 Nov 2026 10:00:00 GMT\ndate: Mon, 02 Nov 2026 10:00:00 GMT", "last-modified: Mon, 02 Nov 2026 10:00:00 GMT\ndate: Mon, 02 Nov 2026 10:00:00 GMT")]
    public void Only_one_strong_validator_holds_pieces_together(string first, string second) =>
        Assert.Equal("none", Made([Piece(0, "0-7", first), Piece(1, "8-15", second)], "accept-encoding: gzip"));

    [Fact]
    public void A_date_of_change_that_is_old_enough_is_a_strong_validator()
    {
        const string fields = "last-modified: Mon, 02 Nov 2026 10:00:00 GMT\ndate: Mon, 02 Nov 2026 10:00:01 GMT";

        Assert.Equal("exact: 0-15", Made([Piece(0, "0-7", fields), Piece(1, "8-15", fields)], ""));
    }

    [Fact]
    public void A_piece_of_another_length_of_the_whole_is_of_another_whole() =>
        Assert.Equal("none", Made([Piece(0, "0-7"), Piece(1, "8-15", total: 17)], ""));

    [Theory]
    [InlineData("if-none-match: \"v\"", "not modified")]
    [InlineData("range: bytes=1-2\nif-range: \"v\"", "range: 1-2")]
    [InlineData("range: bytes=1-2\nif-range: \"old\"", "exact: 0-15")]
    public void Conditions_are_met_as_by_a_whole(string fields, string expected) =>
        Assert.Equal(expected, Made([Piece(0, "0-7"), Piece(1, "8-15")], fields));

    [Fact]
    public void A_joined_answer_looks_like_a_whole_one()
    {
        var joined = Assert.Single(Joining.Of([new RecordedAnswer(Piece(0, "0-7", "etag: \"v\"\ncontent-type: a/b")), new RecordedAnswer(Piece(1, "8-15"))]));

        Assert.Equal((200, 16L, ExchangeOutcome.Complete), (joined.Status, joined.Exchange.Response.Body.Length, joined.Exchange.Outcome));
        Assert.Equal(["etag: \"v\"", "content-type: a/b", "content-length: 16"], ((IEnumerable<Field>)joined.Exchange.Response.Fields).Select(field => $"{field.Name}: {field.Value}"));
        Assert.Null(joined.Exchange.Request.Fields.First("range"));
    }

    [Fact]
    public void A_whole_is_taken_before_pieces_and_pieces_before_a_beginning()
    {
        var whole = Recorded.Exchange(2, response: "etag: \"v\"", body: Whole);
        var set = new CandidateSet([Piece(0, "0-7"), Piece(1, "8-15"), whole]);

        Assert.Null(Assert.Single(Narrowing.SelectOrJoin(set, Recorded.Asked(), faithful: false)!.Answers).Joined);
        var beginning = Recorded.Exchange(2, response: "etag: \"other\"\ncontent-length: 16", body: Whole[..2], outcome: ExchangeOutcome.Incomplete);
        set = new CandidateSet([Piece(0, "0-7"), Piece(1, "8-15"), beginning]);
        Assert.NotNull(Narrowing.SelectOrJoin(set, Recorded.Asked(), faithful: false)!.Answers[0].Joined);
        Assert.Null(Narrowing.SelectOrJoin(set, Recorded.Asked(), faithful: true)!.Answers[0].Joined);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("range: bytes=0-7", 206)]
    [InlineData("range: bytes=0-7\nif-range: \"v\"", 206)]
    [InlineData("range: bytes=0-7\nif-range: \"old\"", null)]
    [InlineData("range: bytes=99-", 416)]
    [InlineData("range: bytes=98-", null)]
    public void A_piece_and_the_word_that_there_is_none_answer_the_request_that_got_them(string fields, int? expected)
    {
        var unsatisfied = Recorded.Exchange(1, "range: bytes=99-", 416, "content-range: bytes */16");
        var set = new CandidateSet([Piece(0, "0-7", total: null), unsatisfied]);

        Assert.Equal(expected, Narrowing.SelectOrJoin(set, Recorded.Asked(fields), faithful: false)?.Answers[0].Status);
    }

    [Fact]
    public void Whatever_is_made_of_pieces_is_what_is_made_of_the_whole()
    {
        var piece = Gen.Select(Gen.Int[0, 15], Gen.Int[0, 15]).Select((a, b) => $"{Math.Min(a, b)}-{Math.Max(a, b)}");
        var spec = Gen.OneOf(Gen.Select(Gen.Int[0, 18], Gen.Int[0, 18], (a, b) => $"{a}-{b}"), Gen.Int[0, 18].Select(n => $"{n}-"), Gen.Int[0, 18].Select(n => $"-{n}"));
        var range = Gen.OneOf(Gen.Const(""), spec.Array[1, 3].Select(specs => $"range: bytes={string.Join(',', specs)}"));
        Gen.Select(piece.Array[1, 5], range).Sample((pieces, fields) =>
        {
            var asked = Recorded.Asked(fields);
            var joined = Joining.Of(pieces.Select((text, at) => new RecordedAnswer(Piece(at, text)))).Single();
            var there = new HashSet<int>(pieces.SelectMany(text => Enumerable.Range(Bounds(text).First, Bounds(text).Last - Bounds(text).First + 1)));
            var reference = Making.Of(Recorded.Answer("etag: \"v\"", Whole), asked);
            var wanted = reference.As switch
            {
                MadeAs.Recorded => Enumerable.Range(0, 16),
                MadeAs.Range => reference.Ranges!.SelectMany(r => Enumerable.Range((int)r.First, (int)r.Length)),
                _ => [],
            };
            if (Joining.Suffices(joined, asked) != wanted.All(there.Contains)) return false;
            if (!wanted.All(there.Contains)) return true;
            var sent = Making.Of(joined, asked) is { As: MadeAs.Range, Ranges: { } ranges }
                ? string.Concat(ranges.Select(r => Read(joined.Joined!, pieces, r.First, r.Length)))
                : reference.As == MadeAs.Recorded ? Read(joined.Joined!, pieces, 0, 16) : "";
            return sent == string.Concat(wanted.Select(at => Whole[at]));
        }, iter: 20_000);
    }

    private static string Read(JoinedBody joined, string[] pieces, long first, long length)
    {
        var bodies = pieces.Select(Text).Distinct().ToDictionary(text => Digest.Of(Encoding.Latin1.GetBytes(text)));
        return string.Concat(joined.Parts(first, length).Select(part => bodies[part.Body.Digest].Substring((int)part.Offset, (int)part.Length)));
    }

    private static string Made(IEnumerable<Exchange> exchanges, string fields)
    {
        var asked = Recorded.Asked(fields);
        var set = new CandidateSet(exchanges).JoinedFor(asked);
        if (set is null || Narrowing.Select(set, asked, faithful: false) is not { } answers) return "none";
        var making = Making.Of(answers.Answers[0], asked);
        return making.As switch
        {
            MadeAs.Recorded => $"exact: 0-{answers.Answers[0].Exchange.Response.Body.Length - 1}",
            MadeAs.Range => $"range: {string.Join(' ', making.Ranges!)}",
            MadeAs.RangeNotSatisfiable => "not satisfiable",
            MadeAs.NotModified => "not modified",
            var other => other.ToString(),
        };
    }

    private static (int First, int Last) Bounds(string piece) => (int.Parse(piece.Split('-')[0]), int.Parse(piece.Split('-')[1]));

    private static string Text(string piece) => Whole[Bounds(piece).First..(Bounds(piece).Last + 1)];

    private static Exchange Piece(long ordinal, string piece, string fields = "etag: \"v\"", int? total = 16) =>
        Recorded.Exchange(ordinal, $"range: bytes={piece}", 206, $"{fields}\ncontent-range: bytes {piece}/{total?.ToString() ?? "*"}", Text(piece));
}
