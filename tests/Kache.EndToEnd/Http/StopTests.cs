using System.Diagnostics;
using Kache.EndToEnd.Origins;
using Kache.EndToEnd.Serving;
using Xunit;

namespace Kache.EndToEnd.Http;

/// <summary>A session that is ended while bodies are under way.</summary>
public sealed class StopTests(Ground ground) : IClassFixture<Ground>
{
    [Fact]
    [Trait("Row", "H26")]
    public async Task Stop_waits_for_a_running_body_and_keeps_it_whole()
    {
        var go = new TaskCompletionSource();
        ground.Origin.On("/slow", async c =>
        {
            await c.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
            await go.Task.WaitAsync(c.Ended);
            await c.SendAsync("cd");
        });
        await using (var recording = await ground.RecordAsync("h26"))
        {
            await using var wire = await BeginAsync("/slow");
            await wire.BytesAsync(2);
            var closing = recording.CloseAsync();
            await Task.Delay(500);
            Assert.False(closing.IsCompleted);
            go.SetResult();
            Assert.Equal("cd"u8.ToArray(), await wire.BytesAsync(2));
            Assert.Empty((await closing).Gaps);
        }
        await using var playback = await ground.PlayBackAsync("h26");
        Assert.Equal("abcd", (await ground.AskAsync("https://script.test/slow")).Text);
    }

    [Theory]
    [InlineData("--no-wait", 0)]
    [InlineData("--wait=2", 2)]
    [Trait("Row", "H26")]
    [Trait("Row", "H23")]
    public async Task An_endless_stream_becomes_a_gap_when_patience_ends(string option, int seconds)
    {
        ground.Origin.On("/endless", async c =>
        {
            await c.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (true)
            {
                await c.SendAsync("3\r\nabc\r\n");
                await Task.Delay(20, c.Ended);
            }
        });
        await using var recording = await ground.RecordAsync("h26-endless");
        await using var wire = await BeginAsync("/endless");
        await wire.BytesAsync(3);
        var since = Stopwatch.StartNew();

        var ended = await recording.CloseAsync(0, option);

        Assert.InRange(since.Elapsed.TotalSeconds, seconds, seconds + 8);
        Assert.Contains(ended.Gaps, g => g.Where.Contains("/endless", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Row", "H26")]
    public async Task A_gap_fails_a_strict_recording()
    {
        ground.Origin.On("/strict", async c =>
        {
            await c.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
            c.Close();
        });
        await using var recording = await ground.RecordAsync("h26-strict", "--strict");
        await ground.AskAsync("https://script.test/strict");

        Assert.NotEmpty((await recording.CloseAsync(exitCode: 4)).Gaps);
    }

    private async Task<Wire.HttpWire> BeginAsync(string target)
    {
        var wire = await ground.TlsAsync();
        await wire.SendAsync($"GET {target} HTTP/1.1\r\nHost: script.test\r\n\r\n");
        while (await wire.LineAsync() is { Length: > 0 }) { }
        if (target == "/endless") await wire.LineAsync();
        return wire;
    }
}
