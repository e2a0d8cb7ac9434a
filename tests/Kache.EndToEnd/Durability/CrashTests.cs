using System.Security.Cryptography;
using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Origins;
using Kache.EndToEnd.Serving;
using Kache.EndToEnd.Wire;
using Xunit;

namespace Kache.EndToEnd.Durability;

/// <summary>A server that is killed, and disks that are full.</summary>
public sealed class CrashTests
{
    [Fact]
    public async Task A_killed_server_goes_on_with_its_sessions_and_has_all_that_had_ended()
    {
        await using var ground = new Ground();
        await ground.InitializeAsync();
        ground.Origin.On("/n", c => c.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {c.Request.Target.Length}\r\n\r\n{c.Request.Target}"));
        ground.Origin.On("/hangs", async c =>
        {
            await c.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
            await Task.Delay(Timeout.Infinite, c.Ended);
        });
        var recording = await ground.RecordAsync("crash");

        var asked = 0;
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 20; i++) Assert.Equal(200, (await ground.AskAsync($"https://script.test/n?{asked++}")).Status);
            await using var wire = await ground.TlsAsync();
            await wire.SendAsync("GET /hangs HTTP/1.1\r\nHost: script.test\r\n\r\n");
            while (await wire.LineAsync() is { Length: > 0 }) { }
            await ground.Server.KillAsync();
            await ground.Server.StartAgainAsync();
        }
        var ended = await recording.CloseAsync();

        await using var playback = await ground.PlayBackAsync("crash");
        for (var i = 0; i < asked; i++) Assert.Equal($"/n?{i}", (await ground.AskAsync($"https://script.test/n?{i}")).Text);
        Assert.True(ended.Requests >= asked, $"{ended.Requests} of {asked}");
        await playback.CloseAsync();
    }

    [Fact]
    public async Task A_server_that_is_asked_to_end_ends_cleanly_and_its_sessions_go_on_later()
    {
        await using var ground = new Ground();
        await ground.InitializeAsync();
        ground.Origin.Answers("/a", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
        ground.Origin.Answers("/b", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
        var recording = await ground.RecordAsync("sigterm");
        await ground.AskAsync("https://script.test/a");

        Assert.Equal(0, await ground.Server.StopAsync());
        await ground.Server.StartAgainAsync();
        await ground.AskAsync("https://script.test/b");

        Assert.Equal(2, (await recording.CloseAsync()).Requests);
    }

    [Fact]
    [Trait("Row", "H25")]
    public async Task A_full_disk_makes_gaps_of_running_bodies_and_507_of_new_requests_and_loses_nothing_earlier()
    {
        await using var lab = await Lab.MakeAsync();
        using var world = await World.OpenAsync(lab);
        await using var origin = new ScriptedOrigin(world);
        var early = DeterministicBytes.Make(1_000_000, seed: 1);
        var large = DeterministicBytes.Make(60_000_000, seed: 2);
        origin.On("/early", async c =>
        {
            await c.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {early.Length}\r\n\r\n");
            await c.SendAsync(early);
        });
        origin.On("/large", async c =>
        {
            await c.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {large.Length}\r\n\r\n");
            await c.SendAsync(large);
        });
        await lab.Server.ShellAsync("mkdir /small && mount -t tmpfs -o size=40m tmpfs /small").SucceedsAsync();
        await using var server = await RunningServer.StartAsync(lab, world, "/small/data");
        var client = await lab.NewClientAsync();
        var recording = await server.OpenAsync("record", "full", client);
        Task<HttpAnswer> AskAsync(string path) => HttpWire.AskAsync(client, $"https://script.test{path}", recording.Ca);

        Assert.Equal(early, (await AskAsync("/early")).Body);
        var running = await AskAsync("/large");
        var after = await AskAsync("/early?again");
        var ended = await recording.CloseAsync();

        Assert.Equal((200, AnswerEnd.Whole), (running.Status, running.End));
        Assert.Equal(SHA256.HashData(large), SHA256.HashData(running.Body));
        Assert.Equal(507, after.Status);
        Assert.Contains(ended.Gaps, g => g.Where.Contains("/large", StringComparison.Ordinal));
        await using var playback = await server.OpenAsync("playback", "full", client);
        Assert.Equal(early, (await AskAsync("/early")).Body);
    }
}
