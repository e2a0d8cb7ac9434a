using Kache.Sessions;
using Kache.Tests.Raw;
using Xunit;
using SessionOptions = Kache.Sessions.SessionOptions;

namespace Kache.Tests.Engines;

/// <summary>What the configuration says of hosts, at work.</summary>
public sealed class ConfiguredTests : IAsyncLifetime
{
    private Studio _studio = null!;

    public async ValueTask InitializeAsync() => _studio = await Studio.OpenAsync();

    public ValueTask DisposeAsync() => _studio.DisposeAsync();

    [Fact]
    [Trait("Row", "H15")]
    [Trait("Row", "H3")]
    public async Task What_is_ignored_of_targets_and_bodies_tells_nothing_apart()
    {
        var count = 0;
        await using var origin = RawOrigin.Answering(_ => $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{++count}");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await stage.GetAsync("/a?nonce=1&q=x");
        await stage.GetAsync("/a?nonce=2&q=x");
        await stage.AskAsync(Post("""{"id":"1","q":"x"}"""));
        var digest = await _studio.SealAsync(stage);

        var rules = new SessionOptions { Matching = [new MatchingRule("127.0.0.1", ["nonce"], ["id"])] };
        await using var play = await _studio.PlayAsync(digest, origin.Authority, rules);
        Assert.EndsWith("\r\n\r\n1", await play.GetAsync("/a?nonce=77&q=x"));
        Assert.EndsWith("\r\n\r\n2", await play.GetAsync("/a?nonce=78&q=x"));
        Assert.EndsWith("\r\n\r\n1", await play.GetAsync("/a?nonce=1&q=x"));
        Assert.EndsWith("\r\n\r\n3", await play.AskAsync(Post("""{"q":"x","id":"another"}""")));
        Assert.StartsWith("HTTP/1.1 424 ", await play.AskAsync(Post("""{"q":"y","id":"1"}""")));
        Assert.Equal(["configured", "configured", "exact", "configured"], (await play.LogAsync()).Select(line => line.Step).Where(step => step != "miss"));

        await using var plain = await _studio.PlayAsync(digest, origin.Authority);
        Assert.StartsWith("HTTP/1.1 424 ", await plain.GetAsync("/a?nonce=77&q=x"));
    }

    [Fact]
    [Trait("Row", "C10")]
    public async Task An_ignored_host_is_refused_at_once_and_counts_nowhere()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var ignoring = new SessionOptions { Ignore = ["127.0.0.1"] };
        await using var stage = await _studio.RecordAsync(origin.Authority, ignoring);
        Assert.StartsWith("HTTP/1.1 424 Ignored Host\r\n", await stage.GetAsync("/telemetry"));
        Assert.Empty(origin.Requests);
        var digest = await _studio.SealAsync(stage);
        Assert.Empty(await _studio.ExchangesAsync(digest));
        Assert.Equal(0, stage.Report.GapCount);

        await using var play = await _studio.PlayAsync(digest, origin.Authority, ignoring);
        var answer = await play.GetAsync("/telemetry");
        Assert.StartsWith("HTTP/1.1 424 Ignored Host\r\n", answer);
        Assert.Contains("details=\"ignored_host\"", answer, StringComparison.Ordinal);
        Assert.Equal(0, play.Report.MissCount);
        Assert.Equal("ignored", Assert.Single(await play.LogAsync()).Step);
    }

    [Fact]
    [Trait("Row", "C9")]
    public async Task A_number_that_a_client_draws_for_each_run_tells_nothing_apart()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 200 OK\r\nVary: X-NuGet-Session-Id\r\nContent-Length: 2\r\n\r\nok");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await stage.GetAsync("/a", "X-NuGet-Session-Id: 1");
        var digest = await _studio.SealAsync(stage);

        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        Assert.EndsWith("\r\n\r\nok", await play.GetAsync("/a", "X-NuGet-Session-Id: 2"));
    }

    private static string Post(string body) =>
        $"POST /rpc HTTP/1.1\r\nHost: origin.test\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}";
}
