using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Origins;
using Kache.EndToEnd.Serving;
using Xunit;

namespace Kache.EndToEnd.Http;

/// <summary>h2 and http/1.1 on both sides, chosen apart. nginx speaks both, the scripted origin only the older.</summary>
public sealed class VersionTests(Ground ground) : IClassFixture<Ground>
{
    [Theory]
    [InlineData("files.test", "--http2", "2")]
    [InlineData("files.test", "--http1.1", "1.1")]
    [InlineData("script.test", "--http2", "2")]
    [InlineData("script.test", "--http1.1", "1.1")]
    [Trait("Row", "H18")]
    public async Task Both_versions_work_with_both_kinds_of_origins_and_in_playback(string host, string option, string version)
    {
        var body = DeterministicBytes.Make(2_000_000);
        await ground.World.Web.PutAsync("files.test", "versions.bin", body);
        ground.Origin.On("/versions.bin", async c =>
        {
            await c.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n");
            await c.SendAsync(body);
        });
        await using (var recording = await ground.RecordAsync("h18"))
        {
            Assert.Equal(version, await CurlAsync(host, option));
            Assert.Empty((await recording.CloseAsync()).Gaps);
        }
        foreach (var other in new[] { "--http2", "--http1.1" })
        {
            await using var playback = await ground.PlayBackAsync("h18");
            Assert.Equal(other == "--http2" ? "2" : "1.1", await CurlAsync(host, other));
            await playback.CloseAsync();
        }

        async Task<string> CurlAsync(string name, string with)
        {
            await File.WriteAllTextAsync(Path.Combine(ground.Lab.Folder, "ca.pem"), ground.Ca);
            var curl = await ground.Client.Machine.ShellAsync(
                $"curl -sS --fail {with} --cacert {ground.Lab.Folder}/ca.pem --connect-to ::{Lab.ServerAddress}: -o /tmp/got -w '%{{http_version}}' https://{name}/versions.bin; sha256sum < /tmp/got >&2").SucceedsAsync();
            Assert.StartsWith(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(body)), curl.Err, StringComparison.Ordinal);
            return curl.Out;
        }
    }

    [Fact]
    [Trait("Row", "H18")]
    public async Task A_host_named_for_http1_speaks_nothing_else()
    {
        await ground.World.Web.PutAsync("files.test", "old.txt", "old"u8.ToArray());
        await File.WriteAllTextAsync(Path.Combine(ground.Lab.Folder, "ca.pem"), ground.Ca);
        await using var recording = await ground.RecordAsync("h18-http1", "--http1=files.test");

        var curl = await ground.Client.Machine.ShellAsync(
            $"curl -sS --fail --http2 --cacert {ground.Lab.Folder}/ca.pem --connect-to ::{Lab.ServerAddress}: -w ' %{{http_version}}' https://files.test/old.txt").SucceedsAsync();

        Assert.Equal("old 1.1", curl.Out);
        Assert.Contains("\"GET /old.txt HTTP/1.1\"", await File.ReadAllTextAsync(Path.Combine(ground.Lab.Folder, "nginx-access.log")), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "H18")]
    public async Task Many_requests_at_once_on_one_h2_connection_all_get_their_own_bodies()
    {
        for (var i = 0; i < 60; i++) await ground.World.Web.PutAsync("files.test", $"many/{i}", DeterministicBytes.Make(100_000 + i, seed: i + 1));
        await File.WriteAllTextAsync(Path.Combine(ground.Lab.Folder, "ca.pem"), ground.Ca);
        var sums = new List<string>();
        await using (var recording = await ground.RecordAsync("h18-many"))
        {
            sums.Add(await CurlAsync());
            Assert.Equal(60, (await recording.CloseAsync()).Requests);
        }
        await using (var playback = await ground.PlayBackAsync("h18-many"))
        {
            sums.Add(await CurlAsync());
            await playback.CloseAsync();
        }

        Assert.Equal(sums[0], sums[1]);
        var expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(DeterministicBytes.Make(100_059, seed: 60)));
        Assert.Contains($"{expected}  59", sums[0], StringComparison.Ordinal);

        async Task<string> CurlAsync() => (await ground.Client.Machine.ShellAsync(
            $"""
            rm -rf /tmp/many; mkdir /tmp/many
            curl -sS --fail --http2 --parallel --parallel-max 60 --cacert {ground.Lab.Folder}/ca.pem --connect-to ::{Lab.ServerAddress}: 'https://files.test/many/[0-59]' -o '/tmp/many/#1'
            cd /tmp/many && sha256sum *
            """).SucceedsAsync()).Out;
    }
}
