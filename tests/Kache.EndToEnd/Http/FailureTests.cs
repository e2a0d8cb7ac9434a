using Kache.EndToEnd.Serving;
using Xunit;

namespace Kache.EndToEnd.Http;

/// <summary>What cannot be had: while recording, and in playback.</summary>
public sealed class FailureTests(Ground ground) : IClassFixture<Ground>
{
    [Theory]
    [InlineData("https://nowhere.test/", "dns_error")]
    [InlineData("http://nowhere.test/", "dns_error")]
    [InlineData("https://refusing.test/", "connection_refused")]
    [InlineData("https://expired.test/", "tls_certificate_error")]
    [InlineData("https://wrongname.test/", "tls_certificate_error")]
    [InlineData("https://selfsigned.test/", "tls_certificate_error")]
    [Trait("Row", "H22")]
    [Trait("Row", "T6")]
    public async Task A_failure_upstream_is_told_with_its_reason_kept_and_played_back_as_the_same_failure(string url, string token)
    {
        var (recorded, played) = await ground.BothAsync("h22", url);

        foreach (var answer in new[] { recorded, played })
        {
            Assert.Equal(502, answer.Status);
            Assert.Contains($"error={token}", answer.Value("proxy-status"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("before an answer", false)]
    [InlineData("in the middle of a head", true)]
    [Trait("Row", "H22")]
    public async Task A_reset_is_an_error_of_the_origin(string when, bool afterSome)
    {
        ground.Origin.On("/reset", async c =>
        {
            if (afterSome) await c.SendAsync("HTTP/1.1 200 OK\r\nContent-Le");
            c.Reset();
        });

        var (recorded, played) = await ground.BothAsync("h22-reset", "http://script.test/reset");

        Assert.True(recorded.Status == 502, $"{when}: {recorded}");
        Assert.True(played.Status == 502, $"{when}: {played}");
        Assert.Contains("error=", recorded.Value("proxy-status"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "T6")]
    public async Task A_host_named_as_insecure_is_taken_and_no_other()
    {
        foreach (var host in new[] { "expired.test", "selfsigned.test" }) ground.Origin.Answers("/insecure", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var recording = await ground.RecordAsync("t6", "--insecure-upstream=expired.test");

        Assert.Equal("ok", (await ground.AskAsync("https://expired.test/insecure")).Text);
        Assert.Equal(502, (await ground.AskAsync("https://selfsigned.test/insecure")).Status);
    }

    [Fact]
    [Trait("Row", "H21")]
    public async Task A_miss_is_424_with_what_was_asked_and_what_is_close_and_fails_the_playback()
    {
        ground.Origin.Answers("/known/thing-1.0.tgz", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        string digest;
        await using (var recording = await ground.RecordAsync("h21"))
        {
            await ground.AskAsync("https://script.test/known/thing-1.0.tgz");
            digest = (await recording.CloseAsync()).Digest!;
        }
        await using var playback = await ground.PlayBackAsync("h21");

        var text = await ground.AskAsync("https://script.test/known/thing-1.1.tgz");
        var json = await ground.AskAsync("https://script.test/known/thing-1.1.tgz", "Accept: application/json\r\n");
        var elsewhere = await ground.AskAsync("http://never-seen.test/x");
        var ended = await playback.CloseAsync(exitCode: 3);

        foreach (var answer in new[] { text, json, elsewhere })
        {
            Assert.Equal((424, "Not In Recording"), (answer.Status, answer.Reason));
            Assert.StartsWith("kache", answer.Value("proxy-status"), StringComparison.Ordinal);
        }
        Assert.Contains("/known/thing-1.0.tgz", text.Text, StringComparison.Ordinal);
        Assert.Contains(digest, text.Text, StringComparison.Ordinal);
        Assert.Equal("application/json", json.Value("content-type"));
        Assert.Equal(3, ended.Misses.Count);
        Assert.Contains(ended.Misses, m => m.Url == "http://never-seen.test/x");
    }

    [Fact]
    public async Task An_answer_that_changes_is_played_back_in_the_order_in_which_it_was_recorded()
    {
        var count = 0;
        ground.Origin.On("/changing", c => c.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{++count}"));
        await using (var recording = await ground.RecordAsync("h4"))
        {
            for (var i = 0; i < 3; i++) await ground.AskAsync("https://script.test/changing");
            await recording.CloseAsync();
        }
        await using var playback = await ground.PlayBackAsync("h4");
        var played = new List<string>();
        for (var i = 0; i < 4; i++) played.Add((await ground.AskAsync("https://script.test/changing")).Text);

        Assert.Equal(["1", "2", "3", "3"], played);
    }
}
