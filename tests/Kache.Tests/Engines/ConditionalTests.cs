using Kache.Exchanges;
using Kache.Sessions;
using Kache.Tests.Raw;
using Xunit;

namespace Kache.Tests.Engines;

/// <summary>What a client with a warm cache records plays back to one with a cold cache, and the other way round.</summary>
[Trait("Row", "H7")]
public sealed class ConditionalTests : IAsyncLifetime
{
    private const string Monday = "Mon, 02 Nov 2026 10:00:00 GMT";
    private const string Whole = $"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nLast-Modified: {Monday}\r\nCache-Control: max-age=1\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nwhole";

    private Studio _studio = null!;

    public async ValueTask InitializeAsync() => _studio = await Studio.OpenAsync();

    public ValueTask DisposeAsync() => _studio.DisposeAsync();

    [Theory]
    [InlineData("If-None-Match: \"v1\"")]
    [InlineData("If-None-Match: W/\"v1\"")]
    [InlineData("If-None-Match: \"v0\", \"v1\"")]
    [InlineData($"If-Modified-Since: {Monday}")]
    [InlineData("If-Modified-Since: Tue, 03 Nov 2026 10:00:00 GMT")]
    public async Task A_warm_client_gets_its_304_and_the_recording_the_whole(string condition)
    {
        await using var origin = RawOrigin.Answering(Whole);
        await using var stage = await _studio.RecordAsync(origin.Authority);

        var answer = await stage.GetAsync("/a", condition);

        Assert.StartsWith("HTTP/1.1 304 Not Modified\r\n", answer);
        Assert.Contains("etag: \"v1\"\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("cache-control: max-age=1\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("content-", answer, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("\r\n\r\n", answer);
        Assert.DoesNotContain("if-", Assert.Single(origin.Requests), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(("recorded+not-modified", 304), Last(await stage.LogAsync()));

        var digest = await _studio.SealAsync(stage);
        var exchange = Assert.Single(await _studio.ExchangesAsync(digest));
        Assert.Equal((200, 5L, ExchangeOutcome.Complete), (exchange.Response.Status, exchange.Response.Body.Length, exchange.Outcome));
        Assert.Equal([condition.Split(':')[0].ToLowerInvariant()], exchange.Withheld);
        Assert.False(exchange.Request.Fields.Contains("if-none-match") || exchange.Request.Fields.Contains("if-modified-since"));

        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        Assert.EndsWith("\r\n\r\nwhole", await play.GetAsync("/a"));
        Assert.StartsWith("HTTP/1.1 304 ", await play.GetAsync("/a", condition));
        Assert.EndsWith("\r\n\r\nwhole", await play.GetAsync("/a", "If-None-Match: \"other\""));
    }

    [Theory]
    [InlineData("If-None-Match: \"v0\"")]
    [InlineData("If-Modified-Since: Sun, 01 Nov 2026 10:00:00 GMT")]
    // The tag decides alone.
    [InlineData($"If-None-Match: \"v0\"\r\nIf-Modified-Since: {Monday}")]
    public async Task A_client_whose_copy_is_old_gets_the_new_one(string condition)
    {
        await using var origin = RawOrigin.Answering(Whole);
        await using var stage = await _studio.RecordAsync(origin.Authority);

        Assert.EndsWith("\r\n\r\nwhole", await stage.GetAsync("/a", condition));
        Assert.NotEmpty(Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage))).Withheld!);
    }

    [Fact]
    public async Task Once_the_whole_is_kept_the_origin_is_asked_as_the_client_asks()
    {
        await using var origin = RawOrigin.Answering(request => request.Contains("If-None-Match", StringComparison.OrdinalIgnoreCase)
            ? "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n" : Whole);
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await stage.GetAsync("/a");
        Assert.StartsWith("HTTP/1.1 304 ", await stage.GetAsync("/a", "If-None-Match: \"v1\""));
        // Of "v2" the recording holds no whole.
        Assert.StartsWith("HTTP/1.1 304 ", await stage.GetAsync("/a", "If-None-Match: \"v1\", \"v2\""));
        Assert.Equal([false, true, false], origin.Requests.Select(request => request.Contains("If-None-Match", StringComparison.OrdinalIgnoreCase)));

        var digest = await _studio.SealAsync(stage);
        Assert.Equal([200, 304, 200], (await _studio.ExchangesAsync(digest)).Select(exchange => exchange.Response.Status));
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        for (var i = 0; i < 3; i++) Assert.EndsWith("\r\n\r\nwhole", await play.GetAsync("/a"));
        Assert.Equal(0, play.Report.MissCount);
    }

    [Fact]
    public async Task Another_resource_keeps_nothing_of_this_one()
    {
        await using var origin = RawOrigin.Answering(Whole);
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await stage.GetAsync("/a");

        Assert.StartsWith("HTTP/1.1 304 ", await stage.GetAsync("/b", "If-None-Match: \"v1\""));
        Assert.DoesNotContain("If-None-Match", origin.Requests.Last(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_whole_that_ended_early_is_no_whole_and_the_client_gets_its_304_all_the_same()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 9\r\nConnection: close\r\n\r\nwhole");
        await using var stage = await _studio.RecordAsync(origin.Authority);

        for (var i = 0; i < 2; i++) Assert.StartsWith("HTTP/1.1 304 ", await stage.GetAsync("/a", "If-None-Match: \"v1\""));
        Assert.All(origin.Requests, request => Assert.DoesNotContain("If-None-Match", request, StringComparison.OrdinalIgnoreCase));
        Assert.All(await _studio.ExchangesAsync(await _studio.SealAsync(stage)), exchange => Assert.Equal(ExchangeOutcome.Incomplete, exchange.Outcome));
        Assert.Equal(2, stage.Report.GapCount);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Conditions_that_guard_against_lost_updates_go_to_the_origin(string method)
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n");
        await using var stage = await _studio.RecordAsync(origin.Authority);

        Assert.StartsWith("HTTP/1.1 412 ", await stage.AskAsync($"{method} /a HTTP/1.1\r\nHost: origin.test\r\nIf-None-Match: *\r\nContent-Length: 0\r\n\r\n"));
        Assert.Contains("if-none-match: *", Assert.Single(origin.Requests), StringComparison.OrdinalIgnoreCase);
        Assert.Null(Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage))).Withheld);
    }

    [Fact]
    public async Task A_head_is_answered_alike()
    {
        await using var origin = RawOrigin.Answering(Whole[..^5]);
        await using var stage = await _studio.RecordAsync(origin.Authority);

        Assert.StartsWith("HTTP/1.1 304 ", await HeadAsync(stage, "If-None-Match: \"v1\"\r\n"));
        var digest = await _studio.SealAsync(stage);
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        Assert.StartsWith("HTTP/1.1 200 ", await HeadAsync(play, ""));
    }

    private static async Task<string> HeadAsync(Stage stage, string fields)
    {
        await using var client = await stage.ConnectAsync();
        await client.WriteAsync($"HEAD /a HTTP/1.1\r\nHost: origin.test\r\n{fields}\r\n");
        return await client.ReadHeadAsync();
    }

    [Fact]
    public async Task Nobody_waits_long_for_a_304_while_the_whole_comes_slowly()
    {
        var rest = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadMessageAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 5\r\n\r\nwh");
            await rest.Task;
            await connection.WriteAsync("ole");
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using var client = await stage.ConnectAsync();
        await client.WriteAsync("GET /a HTTP/1.1\r\nHost: origin.test\r\nIf-None-Match: \"v1\"\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 304 ", await client.ReadMessageAsync());
        rest.SetResult();
        var digest = await _studio.SealAsync(stage);
        Assert.Equal(ExchangeOutcome.Complete, Assert.Single(await _studio.ExchangesAsync(digest)).Outcome);
    }

    private static (string, int) Last(List<AnsweredRequest> log) => (log[^1].Step, log[^1].Status);
}
