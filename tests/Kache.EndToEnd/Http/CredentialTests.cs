using System.Text;
using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Serving;
using Xunit;

namespace Kache.EndToEnd.Http;

/// <summary>Credentials pass to the origin and are never written; answers that depend on them are told apart.</summary>
public sealed class CredentialTests(Ground ground) : IClassFixture<Ground>
{
    [Fact]
    [Trait("Row", "H16")]
    public async Task Credentials_reach_the_origin_and_are_nowhere_in_the_data_folder()
    {
        ground.Origin.Answers("/secret", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        string[] secrets = ["Qk-bearer-7f3a", "Qk-cookie-91bd", "Qk-proxy-55ce"];
        await using (var recording = await ground.RecordAsync("h16"))
        {
            await ground.AskAsync("https://script.test/secret",
                $"Authorization: Bearer {secrets[0]}\r\nCookie: a={secrets[1]}\r\nProxy-Authorization: Basic {secrets[2]}\r\n");
            await recording.CloseAsync();
        }

        Assert.Equal($"Bearer {secrets[0]}", ground.Origin.Requests[^1].Value("authorization"));
        Assert.Equal($"a={secrets[1]}", ground.Origin.Requests[^1].Value("cookie"));
        foreach (var secret in secrets.Concat(secrets.Select(s => Convert.ToBase64String(Encoding.ASCII.GetBytes(s)))))
        {
            // grep ends with 1 when nothing matched.
            await ground.Lab.Server.RunAsync("grep", "-r", "-l", "-a", "-F", "-e", secret, ground.Server.Data).EndsAsync(1);
        }
    }

    [Fact]
    [Trait("Row", "H16")]
    public async Task Any_credentials_are_accepted_in_playback()
    {
        ground.Origin.Answers("/mine", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using (var recording = await ground.RecordAsync("h16-any"))
        {
            await ground.AskAsync("https://script.test/mine", "Authorization: Bearer one\r\n");
            await recording.CloseAsync();
        }
        await using var playback = await ground.PlayBackAsync("h16-any");

        Assert.Equal("ok", (await ground.AskAsync("https://script.test/mine", "Authorization: Bearer another\r\nCookie: x=y\r\n")).Text);
        Assert.Equal("ok", (await ground.AskAsync("https://script.test/mine")).Text);
        await playback.CloseAsync();
    }

    [Fact]
    [Trait("Row", "H4b")]
    public async Task A_client_that_sends_its_credentials_at_once_gets_the_200_and_not_the_401()
    {
        ground.Origin.On("/guarded", c => c.SendAsync(c.Request.Value("authorization") is null
            ? "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"\r\nContent-Length: 2\r\n\r\nno"
            : "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"));
        await using (var recording = await ground.RecordAsync("h4b"))
        {
            Assert.Equal(401, (await ground.AskAsync("https://script.test/guarded")).Status);
            Assert.Equal(200, (await ground.AskAsync("https://script.test/guarded", "Authorization: Basic abc\r\n")).Status);
            await recording.CloseAsync();
        }

        await using (var playback = await ground.PlayBackAsync("h4b"))
        {
            Assert.Equal("yes", (await ground.AskAsync("https://script.test/guarded", "Authorization: Basic xyz\r\n")).Text);
            await playback.CloseAsync();
        }
        await using (var playback = await ground.PlayBackAsync("h4b"))
        {
            Assert.Equal("no", (await ground.AskAsync("https://script.test/guarded")).Text);
            Assert.Equal("yes", (await ground.AskAsync("https://script.test/guarded", "Authorization: Basic abc\r\n")).Text);
            await playback.CloseAsync();
        }
    }

    [Fact]
    [Trait("Row", "H27")]
    public async Task An_NTLM_challenge_ties_the_origins_connection_to_the_clients()
    {
        // Authenticated is the connection: whoever comes on it after the third message is somebody.
        ground.Origin.On("/ntlm", async c =>
        {
            var sent = c.Request.Value("authorization");
            if (sent == "NTLM dHlwZTM=" && c.Notes.ContainsKey("challenged")) c.Notes["user"] = "somebody";
            if (c.Notes.ContainsKey("user"))
            {
                await c.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nenter");
            }
            else
            {
                if (sent == "NTLM dHlwZTE=") c.Notes["challenged"] = "yes";
                await c.SendAsync($"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM{(sent is null ? "" : " dHlwZTI=")}\r\nContent-Length: 2\r\n\r\nno");
            }
        });
        await using var recording = await ground.RecordAsync("h27");
        await using var somebody = await ground.TlsAsync();
        async Task<int> AskAsync(Wire.HttpWire wire, string fields = "")
        {
            await wire.SendAsync($"GET /ntlm HTTP/1.1\r\nHost: script.test\r\n{fields}\r\n");
            return (await wire.ReadAnswerAsync()).Status;
        }

        Assert.Equal(401, await AskAsync(somebody));
        Assert.Equal(401, await AskAsync(somebody, "Authorization: NTLM dHlwZTE=\r\n"));
        // Others of the same session come in between, and must neither take the connection away nor be taken for somebody.
        await using var stranger = await ground.TlsAsync();
        Assert.Equal(401, await AskAsync(stranger));
        Assert.Equal(200, await AskAsync(somebody, "Authorization: NTLM dHlwZTM=\r\n"));
        Assert.Equal(200, await AskAsync(somebody));
        Assert.Equal(401, await AskAsync(stranger));
    }
}
