using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Serving;
using Kache.EndToEnd.Wire;
using Xunit;

namespace Kache.EndToEnd.Sessions;

/// <summary>A server on one machine and clients on others: who may do what, and who sees whom.</summary>
public sealed class TwoMachinesTests(Ground ground) : IClassFixture<Ground>
{
    [Fact]
    public async Task A_client_logs_in_with_a_token_and_the_servers_fingerprint_and_records_what_the_token_allows()
    {
        ground.Origin.Answers("/two", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var client = await ground.Lab.NewClientAsync();
        await client.LogInAsync(ground.Server, "record:team/*", "playback:*");

        await client.KacheAsync("start", "record", "--tag=other/app").EndsAsync(5);
        await client.KacheAsync("start", "record", "--tag=team/app:1").SucceedsAsync();
        var fetched = await client.Machine.RunAsync("curl", "-sS", "https://script.test/two").SucceedsAsync();
        var ended = await client.StopAsync("record");

        Assert.Equal("ok", fetched.Out);
        Assert.Equal(1, ended.Requests);
        Assert.Equal(ended.Digest, (await ground.Server.ShowAsync("team/app:1")).GetProperty("digest").GetString());
    }

    [Fact]
    public async Task Nobody_gets_in_with_a_wrong_token_or_a_server_with_another_fingerprint()
    {
        var client = await ground.Lab.NewClientAsync();
        var fingerprint = System.Text.Json.JsonDocument.Parse((await ground.Server.CliAsync("ca", "show", "--json").SucceedsAsync()).Out).RootElement.GetProperty("fingerprint").GetString()!;
        var other = string.Concat(fingerprint.AsSpan(0, fingerprint.Length - 4), fingerprint.EndsWith("0000", StringComparison.Ordinal) ? "1111" : "0000");
        Task<CommandResult> LogInAsync(string print) =>
            client.Machine.RunAsync([Surroundings.Program, "login", RunningServer.Url, "--token-stdin", "--fingerprint", print], TimeSpan.FromMinutes(1), input: "not-a-token\n");

        (await LogInAsync(other)).Ends(5);
        (await LogInAsync(fingerprint)).Ends(5);
        foreach (var path in new[] { "status", "sessions", "tags", "tokens" })
        {
            var asked = await client.Machine.ShellAsync($"curl -sk -o /dev/null -w '%{{http_code}}' -H 'Authorization: Bearer wrong' {RunningServer.Url}/api/v1/{path}").SucceedsAsync();
            Assert.Equal("401", asked.Out);
        }
    }

    [Fact]
    public async Task Several_clients_at_once_have_sessions_of_their_own_with_different_tags_and_modes()
    {
        var count = 0;
        ground.Origin.On("/count", c => c.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{Interlocked.Increment(ref count)}"));
        var (first, second) = (await ground.Lab.NewClientAsync(), await ground.Lab.NewClientAsync());
        Task<HttpAnswer> AskAsync(Client client) => HttpWire.AskAsync(client, "https://script.test/count", ground.Ca);

        await using var one = await ground.Server.OpenAsync("record", "several/one", first);
        await using var two = await ground.Server.OpenAsync("record", "several/two", second);
        Assert.Equal("1", (await AskAsync(first)).Text);
        Assert.Equal("2", (await AskAsync(second)).Text);
        var (endOfOne, endOfTwo) = (await one.CloseAsync(), await two.CloseAsync());
        await using var playback = await ground.Server.OpenAsync("playback", "several/one", second);
        await using var three = await ground.Server.OpenAsync("record", "several/three", first);

        Assert.Equal("1", (await AskAsync(second)).Text);
        Assert.Equal("3", (await AskAsync(first)).Text);
        Assert.Equal("1", (await AskAsync(second)).Text);
        Assert.Equal((1L, 1L), (endOfOne.Requests, endOfTwo.Requests));
        Assert.NotEqual(endOfOne.Digest, endOfTwo.Digest);
    }

    [Fact]
    public async Task A_second_client_behind_the_same_address_is_told_of_sessions_through_the_explicit_proxy()
    {
        var client = await ground.Lab.NewClientAsync();
        await using var first = await ground.Server.OpenAsync("record", "behind/one", client);
        await client.LogInAsync(ground.Server, "record:*");

        var second = await client.KacheAsync("session", "open", "record", "--tag=behind/two", "--client=self").EndsAsync(1);

        Assert.Contains("kache session open", second.Err, StringComparison.Ordinal);
        Assert.Contains("explicit proxy", second.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_sessions_behind_one_address_are_told_apart_by_the_explicit_proxys_credentials()
    {
        var client = await ground.Lab.NewClientAsync();
        ground.Origin.On("/who", c => c.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{c.Request.Value("x-who")}"));
        await File.WriteAllTextAsync(Path.Combine(ground.Lab.Folder, "kache-ca.pem"), ground.Ca);
        Task<CommandResult> CurlAsync(string proxy, string url, string who) => client.Machine.RunAsync(
            // The server's own user was told its loopback address.
            "curl", "-sS", "--fail-with-body", "--proxy", proxy.Replace("@127.0.0.1:", $"@{Lab.ServerAddress}:", StringComparison.Ordinal), "--cacert", $"{ground.Lab.Folder}/kache-ca.pem", "-H", $"X-Who: {who}", url);

        await using (var one = await ground.Server.OpenAsync("record", "proxy/one"))
        await using (var two = await ground.Server.OpenAsync("record", "proxy/two"))
        {
            Assert.Equal("1", (await CurlAsync(one.Proxy, "https://script.test/who", "1").SucceedsAsync()).Out);
            Assert.Equal("2", (await CurlAsync(two.Proxy, "https://script.test/who", "2").SucceedsAsync()).Out);
            Assert.Equal("3", (await CurlAsync(one.Proxy, "http://script.test/who", "3").SucceedsAsync()).Out);
            Assert.Equal(2, (await one.CloseAsync()).Requests);
            Assert.Equal(1, (await two.CloseAsync()).Requests);
        }
        await using var playback = await ground.Server.OpenAsync("playback", "proxy/two");

        Assert.Equal("2", (await CurlAsync(playback.Proxy, "https://script.test/who", "x").SucceedsAsync()).Out);
        await CurlAsync(playback.Proxy, "http://script.test/who", "x").EndsAsync(22);
        var wrong = await CurlAsync(playback.Proxy.Replace($"{playback.Id}:", $"{playback.Id}:not", StringComparison.Ordinal), "http://script.test/who", "x");
        Assert.NotEqual(0, wrong.ExitCode);
        await playback.CloseAsync(exitCode: 3);
    }

    [Fact]
    public async Task A_client_without_a_session_gets_no_service()
    {
        var client = await ground.Lab.NewClientAsync();

        var plain = await HttpWire.AskAsync(client, "http://script.test/", ground.Ca);
        Assert.Equal(403, plain.Status);
        Assert.Contains("kache", plain.Text, StringComparison.OrdinalIgnoreCase);
        await Assert.ThrowsAnyAsync<IOException>(() => HttpWire.TlsAsync(client, "script.test", ground.Ca));
        await using var proxy = await HttpWire.PlainAsync(client, 3128);
        await proxy.SendAsync("CONNECT script.test:443 HTTP/1.1\r\nHost: script.test:443\r\n\r\n");
        Assert.Equal(407, (await proxy.ReadAnswerAsync()).Status);
    }

    [Fact]
    public async Task A_connection_stays_with_the_session_in_which_it_was_accepted()
    {
        ground.Origin.Answers("/stays", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var first = await ground.RecordAsync("stays/one");
        await using var wire = await ground.TlsAsync();
        await wire.SendAsync("GET /stays HTTP/1.1\r\nHost: script.test\r\n\r\n");
        Assert.Equal("ok", (await wire.ReadAnswerAsync()).Text);
        await first.CloseAsync();
        await using var second = await ground.RecordAsync("stays/two");

        // Its session is over: it is closed, and never serves the next one.
        try
        {
            await wire.SendAsync("GET /stays HTTP/1.1\r\nHost: script.test\r\n\r\n");
        }
        catch (IOException)
        {
            // Closed already.
        }
        Assert.True(await wire.IsAtEndAsync());
        Assert.Equal(0, (await second.CloseAsync()).Requests);
    }
}
