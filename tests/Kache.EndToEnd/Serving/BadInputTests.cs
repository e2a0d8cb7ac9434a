using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Wire;
using Xunit;

namespace Kache.EndToEnd.Serving;

/// <summary>What cannot be done is said, with the documented exit code or status, and changes nothing.</summary>
public sealed class BadInputTests(Ground ground) : IClassFixture<Ground>
{
    [Theory]
    [InlineData(2, "session", "open", "record", "--tag=Not A Tag")]
    [InlineData(2, "session", "open", "record", "--tag=sha256:abcdef")]
    [InlineData(2, "session", "open", "sideways", "--tag=a")]
    [InlineData(2, "session", "open", "record")]
    [InlineData(1, "session", "open", "playback", "--tag=unknown")]
    [InlineData(1, "session", "open", "playback", "--tag=sha256:0123456789abcdef")]
    [InlineData(1, "show", "unknown")]
    [InlineData(1, "rm", "unknown")]
    [InlineData(1, "tag", "unknown", "new")]
    [InlineData(1, "session", "close", "unknown")]
    [InlineData(1, "log", "unknown")]
    [InlineData(2, "no-such-command")]
    [InlineData(2, "ls", "--no-such-option")]
    [InlineData(2)]
    public async Task A_command_that_cannot_be_done_says_why_and_ends_with_its_code(int exitCode, params string[] arguments)
    {
        var result = await ground.Server.CliAsync(arguments).EndsAsync(exitCode);

        Assert.NotEqual("", result.Err.Trim());
        Assert.DoesNotContain("   at Kache.", result.Err, StringComparison.Ordinal);
        Assert.Empty(System.Text.Json.JsonDocument.Parse((await ground.Server.CliAsync("session", "ls", "--json").SucceedsAsync()).Out).RootElement.EnumerateArray());
    }

    [Fact]
    public async Task A_second_server_on_the_same_data_folder_is_refused_and_the_first_goes_on()
    {
        var second = await ground.Server.CliAsync("serve", "--dns-port=0", "--http-port=0", "--https-port=0", "--proxy-port=0", "--api-port=0").EndsAsync(1);

        Assert.Contains(ground.Server.Data, second.Err, StringComparison.Ordinal);
        await ground.Server.CliAsync("status").SucceedsAsync();
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_with_its_holder_and_what_to_do()
    {
        var second = await ground.Server.CliAsync("serve", $"--data={ground.Lab.Folder}/second", "--dns-port=0", "--http-port=0", "--proxy-port=0", "--api-port=0").EndsAsync(1);

        Assert.Contains("443", second.Err, StringComparison.Ordinal);
        Assert.Contains("kache", second.Err, StringComparison.Ordinal);
        Assert.Contains("--https-port", second.Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a b\r\n\r\n")]
    [InlineData("GET  HTTP/1.1\r\nHost: script.test\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: script.test\r\nContent-Length: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: script.test\r\nbad field\r\n\r\n")]
    public async Task A_garbled_request_is_a_400_or_the_end_of_its_connection(string request)
    {
        await using var recording = await ground.RecordAsync("garbled");
        await using (var wire = await ground.PlainAsync())
        {
            await wire.SendAsync(request);
            if (await wire.LineAsync() is { } status) Assert.StartsWith("HTTP/1.1 400", status, StringComparison.Ordinal);
        }

        ground.Origin.Answers("/fine", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.Equal("ok", (await ground.AskAsync("https://script.test/fine")).Text);
        Assert.Equal(1, (await recording.CloseAsync()).Requests);
    }

    [Fact]
    public async Task A_data_folder_of_a_newer_format_is_left_alone()
    {
        await using var lab = await Lab.MakeAsync();
        var data = Path.Combine(lab.Folder, "newer");
        await lab.Server.RunAsync(Surroundings.Program, "ls", $"--data={data}");
        await File.WriteAllTextAsync(Path.Combine(data, "version"), "9\n");
        var before = await ListAsync();

        foreach (var command in new[] { "serve", "ls" })
        {
            var result = await lab.Server.RunAsync(Surroundings.Program, command, $"--data={data}").EndsAsync(1);
            Assert.Contains("newer", result.Err, StringComparison.OrdinalIgnoreCase);
        }
        Assert.Equal(before, await ListAsync());

        async Task<string> ListAsync() => (await lab.Server.ShellAsync($"cd {data} && find . -type f -print0 | sort -z | xargs -0 sha256sum").SucceedsAsync()).Out;
    }

    [Fact]
    [Trait("Row", "N12")]
    public async Task A_request_for_Kache_itself_is_a_loop()
    {
        await using var recording = await ground.RecordAsync("loop");

        Assert.Equal(508, (await ground.AskAsync($"http://{Lab.ServerAddress}/")).Status);
        Assert.Equal(0, (await recording.CloseAsync()).Requests);
    }

    [Fact]
    [Trait("Row", "N12")]
    public async Task Dialled_is_the_name_in_SNI_and_Host_goes_as_given()
    {
        ground.Origin.On("/host", c => c.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {(c.Request.ServerName + " " + c.Request.Value("host")).Length}\r\n\r\n{c.Request.ServerName} {c.Request.Value("host")}"));
        async Task<HttpAnswer> AskAsync()
        {
            await using var wire = await ground.TlsAsync("script.test");
            await wire.SendAsync("GET /host HTTP/1.1\r\nHost: other.test\r\n\r\n");
            return await wire.ReadAnswerAsync();
        }

        var (recorded, played) = await ground.BothAsync("n12", AskAsync);

        Assert.Equal("script.test other.test", recorded.Text);
        Assert.Equal("script.test other.test", played.Text);
    }
}
