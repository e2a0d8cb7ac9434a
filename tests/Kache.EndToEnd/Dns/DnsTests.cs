using System.Net;
using System.Net.Sockets;
using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Serving;
using Xunit;

namespace Kache.EndToEnd.Dns;

/// <summary>What a client's resolver hears, asked with dig, and with bytes that dig would not send.</summary>
public sealed class DnsTests(Ground ground) : IClassFixture<Ground>
{
    private static readonly string Server = Lab.ServerAddress.ToString();

    [Fact]
    [Trait("Row", "N1")]
    [Trait("Row", "N1b")]
    [Trait("Row", "N2")]
    [Trait("Row", "N4")]
    [Trait("Row", "N8")]
    public async Task Names_of_the_world_lead_to_the_proxy_by_IPv4_alone_and_not_for_long()
    {
        await using var recording = await ground.RecordAsync("n1");

        var a = await DigAsync("files.test", "A");
        Assert.Contains("status: NOERROR", a, StringComparison.Ordinal);
        Assert.Matches($@"files\.test\.\s+[0-5]\s+IN\s+A\s+{Server}\n", a);
        Assert.DoesNotContain(" ad", Flags(a), StringComparison.Ordinal);
        foreach (var (name, type) in new[] { ("files.test", "AAAA"), ("files.test", "HTTPS"), ("files.test", "SVCB"), ("_http._tcp.files.test", "SRV"), ("_https._tcp.files.test", "SRV") })
        {
            var nothing = await DigAsync(name, type);
            Assert.Contains("status: NOERROR", nothing, StringComparison.Ordinal);
            Assert.Contains("ANSWER: 0", nothing, StringComparison.Ordinal);
            Assert.Matches(@"IN\s+SOA", nothing);
        }
    }

    [Theory]
    [InlineData("files.test", "TXT", "a text")]
    [InlineData("files.test", "MX", "10 mail.files.test.")]
    [InlineData("_ldap._tcp.files.test", "SRV", "0 100 389 files.test.")]
    [InlineData("files.test", "CAA", "0 issue \"ca.test\"")]
    [InlineData("2.0.77.10.in-addr.arpa", "PTR", "files.test.")]
    [Trait("Row", "N1")]
    public async Task Other_types_are_asked_upstream_kept_and_played_back(string name, string type, string answer)
    {
        await using (var recording = await ground.RecordAsync("n1-other"))
        {
            Assert.Contains(answer, await DigAsync(name, type), StringComparison.Ordinal);
            await recording.CloseAsync();
        }
        await using var playback = await ground.PlayBackAsync("n1-other");
        var before = await ground.Lab.DeparturesAsync();

        Assert.Contains(answer, await DigAsync(name, type), StringComparison.Ordinal);
        Assert.Contains("ANSWER: 0", await DigAsync("unknown.test", type), StringComparison.Ordinal);
        Assert.Equal(default, await ground.Lab.DeparturesAsync() - before);
    }

    [Fact]
    [Trait("Row", "N1")]
    public async Task Odd_questions_get_the_answers_that_standards_have_for_them()
    {
        await using var recording = await ground.RecordAsync("n1-odd");

        Assert.Contains("RFC8482", await DigAsync("files.test", "ANY"), StringComparison.OrdinalIgnoreCase);
        Assert.Matches(@"localhost\.\s+\d+\s+IN\s+A\s+127\.0\.0\.1", await DigAsync("localhost", "A"));
        Assert.Matches(@"fIlEs\.TeSt\.\s+\d+\s+IN\s+A", await DigAsync("fIlEs.TeSt", "A"));
        Assert.Contains("status: REFUSED", await DigAsync("version.bind", "TXT", "-c", "CH"), StringComparison.Ordinal);
        Assert.Contains("status: BADVERS", await DigAsync("files.test", "A", "+edns=5", "+noednsneg"), StringComparison.Ordinal);
        Assert.Contains("status: NOTIMP", await DigAsync("files.test", "A", "+opcode=STATUS"), StringComparison.Ordinal);
        Assert.Contains($"A\t{Server}", await DigAsync("files.test", "A", "+tcp"), StringComparison.Ordinal);
        Assert.Contains("EDNS: version: 0", await DigAsync("files.test", "A", "+edns=0"), StringComparison.Ordinal);
        Assert.Contains("status: NXDOMAIN", await DigAsync("use-application-dns.net", "A"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("two questions", "1234 0100 0002 0000 0000 0000 0166 0474657374 00 0001 0001 0167 0474657374 00 0001 0001")]
    [InlineData("a question that ends too early", "1234 0100 0001 0000 0000 0000 0a66")]
    [InlineData("a name that points at itself", "1234 0100 0001 0000 0000 0000 c00c 0001 0001")]
    [Trait("Row", "N1")]
    public async Task Garbage_is_a_format_error(string what, string hex)
    {
        await using var recording = await ground.RecordAsync("n1-garbage");
        using var socket = ground.Client.Machine.Socket(SocketType.Dgram);
        await socket.ConnectAsync(new IPEndPoint(Lab.ServerAddress, 53));
        await socket.SendAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        var answer = new byte[512];

        var length = await socket.ReceiveAsync(answer).WaitAsync(TimeSpan.FromSeconds(5));

        Assert.True(length >= 12 && answer[0] == 0x12 && answer[1] == 0x34 && (answer[3] & 0x0f) == 1, $"{what}: {Convert.ToHexString(answer[..length])}");
    }

    [Fact]
    [Trait("Row", "N3")]
    public async Task A_name_that_does_not_exist_is_kept_as_such_looked_up_once_and_stays_so_in_playback()
    {
        await using (var recording = await ground.RecordAsync("n3"))
        {
            Assert.Contains("status: NXDOMAIN", await DigAsync("pypi.test.corp.test", "A"), StringComparison.Ordinal);
            Assert.Contains("status: NXDOMAIN", await DigAsync("pypi.test.corp.test", "AAAA"), StringComparison.Ordinal);
            Assert.Contains("status: NXDOMAIN", await DigAsync("pypi.test.corp.test", "A"), StringComparison.Ordinal);
            Assert.Contains(Server, await DigAsync("only6.test", "A"), StringComparison.Ordinal);
            await ground.AskAsync("https://script.test/x");
            await ground.AskAsync("https://script.test/x");
            await recording.CloseAsync();
        }
        var asked = ground.World.Names.Questions.ToList();
        Assert.True(asked.Count(q => q.StartsWith("query[A] pypi.test.corp.test ", StringComparison.Ordinal)) == 1, string.Join('\n', asked));
        Assert.True(asked.Count(q => q.StartsWith("query[A] script.test ", StringComparison.Ordinal)) == 1, string.Join('\n', asked));

        await using var playback = await ground.PlayBackAsync("n3");
        var before = await ground.Lab.DeparturesAsync();
        Assert.Contains("status: NXDOMAIN", await DigAsync("pypi.test.corp.test", "A"), StringComparison.Ordinal);
        Assert.Contains(Server, await DigAsync("script.test", "A"), StringComparison.Ordinal);
        // Never seen: it leads to the proxy, where the request is reported as a miss.
        Assert.Contains(Server, await DigAsync("never-seen.test", "A"), StringComparison.Ordinal);
        Assert.Equal(default, await ground.Lab.DeparturesAsync() - before);
    }

    [Theory]
    [InlineData("silent.test")]
    [InlineData("broken.test")]
    [Trait("Row", "N3")]
    public async Task A_name_whose_servers_fail_leads_to_the_proxy_soon_and_the_failure_shows_there(string name)
    {
        await using var recording = await ground.RecordAsync("n3-silent");
        var since = System.Diagnostics.Stopwatch.StartNew();

        Assert.Contains(Server, await DigAsync(name, "A"), StringComparison.Ordinal);

        Assert.True(since.Elapsed < TimeSpan.FromSeconds(4.5), since.Elapsed.ToString());
        var answer = await ground.AskAsync($"http://{name}/");
        Assert.Contains(answer.Status, new[] { 502, 504 });
        Assert.Contains("error=dns_", answer.Value("proxy-status"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "N5")]
    public async Task Hosts_of_the_servers_own_file_are_known_to_it()
    {
        ground.Origin.Answers("/by-hosts", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await ground.Lab.Server.ShellAsync($"echo '{Origins.Names.ScriptsAddress} by-hosts.test' >> /etc/hosts").SucceedsAsync();
        await using var recording = await ground.RecordAsync("n5");

        Assert.Contains(Server, await DigAsync("by-hosts.test", "A"), StringComparison.Ordinal);
        Assert.Equal("ok", (await ground.AskAsync("https://by-hosts.test/by-hosts")).Text);
    }

    [Theory]
    [InlineData("dns.google")]
    [InlineData("cloudflare-dns.com")]
    [InlineData("mozilla.cloudflare-dns.com")]
    [Trait("Row", "N7")]
    public async Task Resolvers_over_HTTPS_are_refused_by_name(string name)
    {
        await using var recording = await ground.RecordAsync("n7");

        Assert.Contains("status: REFUSED", await DigAsync(name, "A"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "N6")]
    [Trait("Row", "T5")]
    public async Task A_bypassed_name_has_its_real_addresses_and_is_listed_as_a_gap()
    {
        await using var recording = await ground.RecordAsync("n6", "--bypass=.bypassed.test", "--bypass=refusing.test");

        Assert.Contains(Origins.Names.ScriptsAddress.ToString(), await DigAsync("sub.bypassed.test", "A"), StringComparison.Ordinal);
        Assert.Contains(Origins.Names.RefusingAddress.ToString(), await DigAsync("refusing.test", "A"), StringComparison.Ordinal);
        Assert.Contains((await recording.CloseAsync()).Gaps, g => g.Where.Contains("sub.bypassed.test", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_without_a_session_is_refused()
    {
        var answer = await DigAsync("files.test", "A");

        Assert.Contains("status: REFUSED", answer, StringComparison.Ordinal);
        Assert.Contains("status: REFUSED", await DigAsync("files.test", "A", "+tcp"), StringComparison.Ordinal);
    }

    private async Task<string> DigAsync(string name, string type, params string[] more) =>
        (await ground.Client.Machine.RunAsync(["/usr/bin/dig", $"@{Server}", "+tries=1", "+time=5", name, type, .. more], TimeSpan.FromSeconds(20))).Succeeds().Out;

    private static string Flags(string dig) => dig[dig.IndexOf("flags:", StringComparison.Ordinal)..dig.IndexOf("; QUERY", StringComparison.Ordinal)];
}
