using System.Globalization;
using System.Net;
using Kache.Exchanges;
using Kache.Tests.Raw;
using Xunit;

namespace Kache.Tests.Engines;

/// <summary>Pieces while recording, and pieces and wholes of them in playback.</summary>
[Trait("Row", "H8")]
public sealed class RangeTests : IAsyncLifetime
{
    private const string Whole = "0123456789abcdef";

    private Studio _studio = null!;

    public async ValueTask InitializeAsync() => _studio = await Studio.OpenAsync();

    public ValueTask DisposeAsync() => _studio.DisposeAsync();

    [Theory]
    [InlineData("bytes=4-7", "HTTP/1.1 206 ", "4567")]
    [InlineData("bytes=-3", "HTTP/1.1 206 ", "def")]
    [InlineData("bytes=16-", "HTTP/1.1 416 ", "")]
    public async Task A_piece_passes_as_asked_and_the_whole_is_fetched_once_behind_it(string range, string status, string body)
    {
        await using var origin = Origin("ETag: \"v\"");
        await using var stage = await _studio.RecordAsync(origin.Authority);

        for (var i = 0; i < 3; i++)
        {
            var answer = await stage.GetAsync("/a", $"Range: {range}", "Authorization: Bearer s3cret", "X-Own: 1");
            Assert.StartsWith(status, answer);
            Assert.EndsWith("\r\n\r\n" + body, answer);
        }
        var digest = await _studio.SealAsync(stage);
        var wholes = origin.Requests.Where(request => !request.Contains("Range:", StringComparison.OrdinalIgnoreCase)).ToList();
        Assert.Contains("authorization: Bearer s3cret", Assert.Single(wholes), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("x-own: 1", wholes[0], StringComparison.OrdinalIgnoreCase);
        var exchanges = await _studio.ExchangesAsync(digest);
        var whole = Assert.Single(exchanges, exchange => exchange.Response.Status == 200);
        Assert.Equal(["range"], whole.Withheld);
        Assert.Equal("Bearer #1", whole.Request.Fields.First("authorization"));
        Assert.Equal(4, exchanges.Count);
        Assert.Contains(await stage.LogAsync(), line => line.Step == "fetched-whole");

        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        Assert.EndsWith("\r\n\r\n" + Whole, await play.GetAsync("/a"));
        Assert.EndsWith("\r\n\r\n89", await play.GetAsync("/a", "Range: bytes=8-9"));
        Assert.Contains("content-range: bytes 0-0/16\r\n", await play.GetAsync("/a", "Range: bytes=0-0,15-15"), StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("HTTP/1.1 416 ", await play.GetAsync("/a", "Range: bytes=99-"));
    }

    [Theory]
    [InlineData("ETag: W/\"v\"")]
    [InlineData("X-None: 1")]
    public async Task Without_a_strong_validator_nothing_more_is_fetched(string validator)
    {
        await using var origin = Origin(validator);
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await stage.GetAsync("/a", "Range: bytes=0-3");

        Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage)));
        Assert.Single(origin.Requests);
    }

    [Fact]
    public async Task What_is_kept_whole_is_not_fetched_again()
    {
        await using var origin = Origin("ETag: \"v\"");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await stage.GetAsync("/a");
        await stage.GetAsync("/a", "Range: bytes=0-3");

        Assert.Equal(2, (await _studio.ExchangesAsync(await _studio.SealAsync(stage))).Count);
        Assert.Equal(2, origin.Requests.Count);
    }

    [Fact]
    public async Task A_large_whole_is_fetched_when_half_of_it_was_asked_for()
    {
        const long total = 100L * 1024 * 1024;
        var asked = 0;
        await using var origin = RawOrigin.Answering(request =>
        {
            if (Header(request, "range") is not { } range)
            {
                Interlocked.Increment(ref asked);
                return "HTTP/1.1 200 OK\r\nETag: \"v\"\r\nContent-Length: 2\r\n\r\nok";
            }
            // What the origin says it sent counts, not what it did send.
            return $"HTTP/1.1 206 Partial Content\r\nETag: \"v\"\r\nContent-Range: bytes {range["bytes=".Length..]}/{total}\r\nContent-Length: 0\r\n\r\n";
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await stage.GetAsync("/a", "Range: bytes=0-29999999");
        await stage.GetAsync("/a", "Range: bytes=0-29999999");
        await stage.GetAsync("/a", "Range: bytes=40000000-59999999");
        Assert.Equal(0, asked);
        await stage.GetAsync("/a", "Range: bytes=30000000-39999999");
        await _studio.SealAsync(stage);

        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task The_client_does_not_wait_for_the_whole_and_the_end_of_the_session_does()
    {
        var rest = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var origin = SlowWhole(rest.Task);
        await using var stage = await _studio.RecordAsync(origin.Authority);

        Assert.EndsWith("\r\n\r\n0123", await stage.GetAsync("/a", "Range: bytes=0-3"));
        while (stage.Report.Active == 0) await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Studio.Stop);
        var sealing = _studio.SealAsync(stage);
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Studio.Stop);
        Assert.False(sealing.IsCompleted);
        rest.SetResult();
        Assert.Equal(2, (await _studio.ExchangesAsync(await sealing)).Count);
    }

    [Fact]
    public async Task Who_does_not_wait_at_the_end_drops_it_without_a_gap()
    {
        var rest = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var origin = SlowWhole(rest.Task);
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await stage.GetAsync("/a", "Range: bytes=0-3");
        await stage.Engine.DrainAsync(TimeSpan.Zero, Studio.Stop);

        Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage)));
        Assert.Equal(0, stage.Report.GapCount);
        rest.SetResult();
    }

    [Fact]
    public async Task An_origin_that_does_not_give_the_whole_costs_nothing_but_that()
    {
        await using var origin = RawOrigin.Answering(request => Header(request, "range") is null
            ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
            : "HTTP/1.1 206 Partial Content\r\nETag: \"v\"\r\nContent-Range: bytes 0-3/16\r\nContent-Length: 4\r\n\r\n0123");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await stage.GetAsync("/a", "Range: bytes=0-3");
        var digest = await _studio.SealAsync(stage);

        Assert.Single(await _studio.ExchangesAsync(digest));
        Assert.Equal(0, stage.Report.GapCount);
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        Assert.EndsWith("\r\n\r\n12", await play.GetAsync("/a", "Range: bytes=1-2"));
        Assert.StartsWith("HTTP/1.1 424 ", await play.GetAsync("/a", "Range: bytes=3-4"));
        Assert.StartsWith("HTTP/1.1 424 ", await play.GetAsync("/a"));
    }

    [Fact]
    [Trait("Row", "H11")]
    public async Task A_download_that_broke_and_was_resumed_plays_back_whole()
    {
        await using var origin = RawOrigin.Answering(request => Header(request, "range") is null
            ? $"HTTP/1.1 200 OK\r\nETag: \"v\"\r\nContent-Length: 16\r\nConnection: close\r\n\r\n{Whole[..6]}"
            : $"HTTP/1.1 206 Partial Content\r\nETag: \"v\"\r\nContent-Range: bytes 6-15/16\r\nContent-Length: 10\r\n\r\n{Whole[6..]}");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        Assert.EndsWith("\r\n\r\n012345", await stage.GetAsync("/a"));
        await stage.GetAsync("/a", "Range: bytes=6-", "If-Range: \"v\"");
        var digest = await _studio.SealAsync(stage);

        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        Assert.EndsWith("\r\n\r\n" + Whole, await play.GetAsync("/a"));
        Assert.EndsWith("\r\n\r\n" + Whole[4..9], await play.GetAsync("/a", "Range: bytes=4-8"));
        using var response = await play.Http2().GetAsync("/a", Studio.Stop);
        Assert.Equal((HttpStatusCode.OK, Whole), (response.StatusCode, await response.Content.ReadAsStringAsync(Studio.Stop)));
        Assert.Equal(["exact+joined", "exact+joined+range", "exact+joined"], (await play.LogAsync()).Select(line => line.Step));
        await using var faithful = await _studio.PlayAsync(digest, origin.Authority, new Kache.Sessions.SessionOptions { Faithful = true });
        Assert.EndsWith("\r\n\r\n012345", await faithful.GetAsync("/a"));
    }

    /// <summary>Knows ranges as nginx does.</summary>
    private static RawOrigin Origin(string validator) => RawOrigin.Answering(request =>
    {
        if (Header(request, "range") is not { } range) return $"HTTP/1.1 200 OK\r\n{validator}\r\nContent-Length: 16\r\n\r\n{Whole}";
        var (from, to) = (range.Split('=', '-')[1], range.Split('=', '-')[2]);
        var first = from.Length == 0 ? 16 - Number(to) : Number(from);
        if (first >= 16) return "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */16\r\nContent-Length: 0\r\n\r\n";
        var last = from.Length == 0 || to.Length == 0 ? 15 : Number(to);
        var piece = Whole[first..(last + 1)];
        return $"HTTP/1.1 206 Partial Content\r\n{validator}\r\nContent-Range: bytes {first}-{last}/16\r\nContent-Length: {piece.Length}\r\n\r\n{piece}";
    });

    private static RawOrigin SlowWhole(Task rest) => new(async connection =>
    {
        while (await connection.ReadMessageAsync() is { Length: > 0 } request)
        {
            if (Header(request, "range") is not null)
            {
                await connection.WriteAsync("HTTP/1.1 206 Partial Content\r\nETag: \"v\"\r\nContent-Range: bytes 0-3/16\r\nContent-Length: 4\r\n\r\n0123");
                continue;
            }
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nETag: \"v\"\r\nContent-Length: 16\r\n\r\n012345");
            await rest;
            await connection.WriteAsync("6789abcdef");
        }
    });

    private static int Number(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    private static string? Header(string request, string name) => request.Split("\r\n")
        .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(line => line[(name.Length + 1)..].Trim()).FirstOrDefault();
}
