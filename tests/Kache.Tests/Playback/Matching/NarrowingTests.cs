using Kache.Exchanges;
using Kache.Playback.Matching;
using Xunit;

namespace Kache.Tests.Playback.Matching;

public sealed class NarrowingTests
{
    [Fact]
    [Trait("Row", "H4b")]
    public void Credentials_get_what_they_open_and_not_the_demand_for_them()
    {
        var set = new CandidateSet([
            Recorded.Exchange(0, status: 401, response: "www-authenticate: Basic"),
            Recorded.Exchange(1, "authorization: Basic #1", body: "secret"),
        ]);
        Assert.Equal([1], Ordinals(set, "authorization: Basic eDp5"));
        Assert.Equal([0], Ordinals(set, ""));
        // Any credentials are as good as the recorded ones, of any scheme.
        Assert.Equal([1], Ordinals(set, "authorization: Bearer abc"));
    }

    [Fact]
    [Trait("Row", "H16")]
    public void A_recording_with_credentials_answers_whoever_has_none() =>
        Assert.Equal([0], Ordinals(new CandidateSet([Recorded.Exchange(0, "authorization: Bearer #1\ncookie: #1", body: "x")]), ""));

    [Fact]
    [Trait("Row", "H27")]
    public void A_handshake_of_several_steps_is_played_in_its_order()
    {
        var set = new CandidateSet([
            Recorded.Exchange(0, status: 401, response: "www-authenticate: NTLM"),
            Recorded.Exchange(1, "authorization: NTLM #1", status: 401, response: "www-authenticate: NTLM TlRM"),
            Recorded.Exchange(2, "authorization: NTLM #2", body: "in"),
        ]);
        Assert.Equal([1, 2], Ordinals(set, "authorization: NTLM AAAA"));
        Assert.Equal([0], Ordinals(set, ""));
    }

    [Theory]
    [Trait("Row", "H10")]
    // npm: abbreviated and full documents under one URL.
    [InlineData("accept: application/vnd.npm.install-v1+json", 0L)]
    [InlineData("accept: application/json", 1L)]
    // Neither is equal: the type decides.
    [InlineData("accept: application/vnd.npm.install-v1+json, text/plain", 0L)]
    [InlineData("accept: application/*", 0L)]
    [InlineData("accept: text/html", -1L)]
    public void Accept_chooses_among_representations_that_vary_by_it(string asked, long expected)
    {
        var set = new CandidateSet([
            Recorded.Exchange(0, "accept: application/vnd.npm.install-v1+json", response: "vary: Accept\ncontent-type: application/vnd.npm.install-v1+json", body: "short"),
            Recorded.Exchange(1, "accept: application/json", response: "vary: Accept\ncontent-type: application/json", body: "long"),
        ]);
        var found = Ordinals(set, asked);
        if (expected < 0) Assert.Empty(found);
        else Assert.Equal(expected, found[0]);
    }

    [Theory]
    [Trait("Row", "H10")]
    [InlineData("vary: user-agent", "user-agent: b")]
    [InlineData("vary: cookie", "cookie: other")]
    [InlineData("vary: origin, authorization", "origin: https://b.test\nauthorization: Bearer x")]
    [InlineData("vary: *", "x-anything: b")]
    [InlineData("vary: host, connection", "")]
    public void Fields_that_only_rank_exclude_nothing(string vary, string asked) =>
        Assert.Equal([0], Ordinals(new CandidateSet([Recorded.Exchange(0, "user-agent: a\ncookie: #1\norigin: https://a.test", response: vary, body: "x")]), asked));

    [Fact]
    [Trait("Row", "H10")]
    public void Any_other_field_that_Vary_names_must_be_equal()
    {
        var set = new CandidateSet([Recorded.Exchange(0, "x-api-version: 1", response: "vary: X-Api-Version", body: "x")]);
        Assert.Equal([0], Ordinals(set, "x-api-version: 1"));
        Assert.Empty(Ordinals(set, "x-api-version: 2"));
        Assert.Empty(Ordinals(set, ""));
        Assert.Equal("x-api-version was '1' and is absent", Narrowing.Explain(set, Recorded.Asked()));
    }

    [Fact]
    [Trait("Row", "H10")]
    public void The_user_agent_ranks_where_answers_differ_by_it()
    {
        var set = new CandidateSet([
            Recorded.Exchange(0, "user-agent: pip", response: "vary: user-agent", body: "for pip"),
            Recorded.Exchange(1, "user-agent: curl", response: "vary: user-agent", body: "for curl"),
        ]);
        Assert.Equal([1], Ordinals(set, "user-agent: curl"));
        Assert.Equal([0], Ordinals(set, "user-agent: pip"));
    }

    [Theory]
    [Trait("Row", "H9")]
    [InlineData("accept-encoding: gzip", 0L)]
    [InlineData("accept-encoding: br", 1L)]
    [InlineData("accept-encoding: gzip, br;q=0", 0L)]
    // Not to be had as it was sent: a variant without a coding before one that must be undone.
    [InlineData("", 2L)]
    [InlineData("accept-encoding: identity", 2L)]
    public void The_variant_that_needs_least_doing_is_taken(string asked, long expected)
    {
        var set = new CandidateSet([
            Recorded.Exchange(0, "accept-encoding: gzip", response: "vary: accept-encoding\ncontent-encoding: gzip", body: "g"),
            Recorded.Exchange(1, "accept-encoding: br", response: "vary: accept-encoding\ncontent-encoding: br", body: "b"),
            Recorded.Exchange(2, "accept-encoding: identity", response: "vary: accept-encoding", body: "plain"),
        ]);
        Assert.Equal([expected], Ordinals(set, asked));
    }

    [Fact]
    [Trait("Row", "H9")]
    public void What_can_be_decoded_answers_everybody_and_what_cannot_does_not()
    {
        Assert.Equal([0], Ordinals(new CandidateSet([Recorded.Exchange(0, "accept-encoding: zstd", response: "vary: accept-encoding\ncontent-encoding: zstd", body: "z")]), ""));
        Assert.Empty(Ordinals(new CandidateSet([Recorded.Exchange(0, "accept-encoding: dcb", response: "vary: accept-encoding\ncontent-encoding: dcb", body: "d")]), "accept-encoding: gzip"));
    }

    [Fact]
    [Trait("Row", "H8")]
    public void A_piece_answers_only_the_request_for_that_piece()
    {
        var set = new CandidateSet([Recorded.Exchange(0, "range: bytes=0-3", 206, "content-range: bytes 0-3/10", "abcd")]);
        Assert.Equal([0], Ordinals(set, "range: bytes=0-3"));
        Assert.Empty(Ordinals(set, "range: bytes=0-4"));
        Assert.Empty(Ordinals(set, ""));
        Assert.Equal("range was 'bytes=0-3' and is absent", Narrowing.Explain(set, Recorded.Asked()));
    }

    [Fact]
    [Trait("Row", "H8")]
    public void The_whole_is_taken_for_another_piece_and_the_same_piece_before_the_whole()
    {
        var set = new CandidateSet([
            Recorded.Exchange(0, "range: bytes=0-3", 206, "content-range: bytes 0-3/10", "abcd"),
            Recorded.Exchange(1, body: "abcdefghij"),
        ]);
        Assert.Equal([0], Ordinals(set, "range: bytes=0-3"));
        Assert.Equal([1], Ordinals(set, "range: bytes=4-9"));
        Assert.Equal([1], Ordinals(set, ""));
    }

    [Fact]
    [Trait("Row", "H7")]
    public void A_recorded_304_answers_the_same_condition_where_the_whole_is_not_there()
    {
        var set = new CandidateSet([Recorded.Exchange(0, "if-none-match: \"a\"", 304, "etag: \"a\"", framing: Framing.None)]);
        Assert.Equal([0], Ordinals(set, "if-none-match: \"a\""));
        Assert.Empty(Ordinals(set, "if-none-match: \"b\""));
        Assert.Empty(Ordinals(set, ""));
        var both = new CandidateSet([.. set.Groups[0].Answers.Select(a => a.Exchange), Recorded.Exchange(1, response: "etag: \"a\"", body: "x")]);
        Assert.Equal([1], Ordinals(both, ""));
    }

    [Fact]
    [Trait("Row", "H4")]
    public void Transient_failures_that_a_success_follows_are_left_out_unless_the_session_is_faithful()
    {
        var set = new CandidateSet([
            Recorded.Exchange(0, status: 503),
            Recorded.Exchange(1, body: "cut", outcome: ExchangeOutcome.Incomplete),
            Recorded.Exchange(2, body: "whole"),
            Recorded.Exchange(3, status: 404),
            Recorded.Exchange(4, status: 502, outcome: ExchangeOutcome.Failed),
        ]);
        Assert.Equal([2, 3, 4], Ordinals(set, ""));
        Assert.Equal([0, 1, 2, 3, 4], Ordinals(set, "", faithful: true));
    }

    [Fact]
    [Trait("Row", "H24")]
    public void Errors_are_answers_too() =>
        Assert.Equal([0], Ordinals(new CandidateSet([Recorded.Exchange(0, "accept: x/y", status: 404, response: "vary: accept\ncontent-type: text/html")]), "accept: z/w"));

    [Fact]
    [Trait("Row", "H5")]
    public void A_poll_that_repeats_itself_is_kept_once_at_each_of_its_places()
    {
        var set = new CandidateSet(Enumerable.Range(0, 5).Select(i => Recorded.Exchange(i, body: i < 4 ? "pending" : "done")));
        Assert.Equal(2, set.Groups[0].Answers.Distinct().Count());
        Assert.Equal([0, 0, 0, 0, 4], Ordinals(set, ""));
    }

    private static long[] Ordinals(CandidateSet set, string asked, bool faithful = false) =>
        Narrowing.Select(set, Recorded.Asked(asked), faithful) is { } answers ? [.. answers.Answers.Select(answer => answer.Exchange.Ordinal)] : [];
}
