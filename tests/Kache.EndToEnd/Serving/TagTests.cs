using System.Text.Json;
using Xunit;

namespace Kache.EndToEnd.Serving;

/// <summary>Tags as in Docker: names that move, over recordings that stay.</summary>
public sealed class TagTests(Ground ground) : IClassFixture<Ground>
{
    [Fact]
    public async Task Recording_a_tag_again_moves_it_and_the_old_recording_stays_by_digest_and_in_the_history()
    {
        var version = 0;
        ground.Origin.On("/version", c => c.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{version}"));
        var digests = new List<string>();
        for (version = 1; version <= 2; version++)
        {
            await using var recording = await ground.RecordAsync("moves");
            await ground.AskAsync("https://script.test/version");
            digests.Add((await recording.CloseAsync()).Digest!);
        }

        var shown = await ground.Server.ShowAsync("moves");
        Assert.Equal(digests[1], shown.GetProperty("digest").GetString());
        Assert.Equal(digests, shown.GetProperty("history").EnumerateArray().Select(h => h.GetProperty("digest").GetString()!).Order(Comparer<string>.Create((a, b) => digests.IndexOf(a) - digests.IndexOf(b))));
        foreach (var (reference, answer) in new[] { (digests[0], "1"), ("moves", "2"), ($"moves@{digests[0]}", "1"), (digests[0][..20], "1") })
        {
            await using var playback = await ground.PlayBackAsync(reference);
            Assert.Equal(answer, (await ground.AskAsync("https://script.test/version")).Text);
            await playback.CloseAsync();
        }
    }

    [Fact]
    public async Task Facts_are_told_as_JSON_with_stable_names()
    {
        ground.Origin.Answers("/facts", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfacts");
        await using (var recording = await ground.RecordAsync("facts"))
        {
            await ground.AskAsync("https://script.test/facts");
            var running = Json(await ground.Server.CliAsync("session", "ls", "--json")).EnumerateArray().Single();
            Assert.Equal((recording.Id, "record", "facts"), (running.GetProperty("id").GetString(), running.GetProperty("mode").GetString(), running.GetProperty("tag").GetString()));
            await recording.CloseAsync();
            Assert.Contains("https://script.test/facts", await recording.LogAsync(), StringComparison.Ordinal);
        }

        var shown = await ground.Server.ShowAsync("facts");
        Assert.Equal((1, 5), (shown.GetProperty("requests").GetInt32(), shown.GetProperty("bytes").GetInt32()));
        Assert.StartsWith("sha256:", shown.GetProperty("digest").GetString(), StringComparison.Ordinal);
        Assert.Equal("script.test:443", shown.GetProperty("hosts")[0].GetProperty("host").GetString());
        Assert.Equal(0, shown.GetProperty("gaps").GetArrayLength());
        Assert.Contains(Json(await ground.Server.CliAsync("ls", "--json")).EnumerateArray(), t => t.GetProperty("tag").GetString() == "facts");
        (await ground.Server.CliAsync("tag", "facts", "facts/copy")).Succeeds();
        Assert.Equal(shown.GetProperty("digest").GetString(), (await ground.Server.ShowAsync("facts/copy")).GetProperty("digest").GetString());
        (await ground.Server.CliAsync("rm", "facts/copy")).Succeeds();
        (await ground.Server.CliAsync("show", "facts/copy")).Ends(1);
        foreach (var command in new[] { "status", "version" }) Assert.Equal(JsonValueKind.Object, Json(await ground.Server.CliAsync(command, "--json")).ValueKind);
    }

    private static JsonElement Json(Machines.CommandResult result) => JsonDocument.Parse(result.Succeeds().Out).RootElement;
}
