using System.Net;
using Kache.Dns;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static Kache.Tests.Dns.Packets;

namespace Kache.Tests.Dns;

public sealed class ResponderTests
{
    private const int Any = 255;
    private const int Https = 65;
    private const int Svcb = 64;
    private const int NoError = 0;
    private const int FormErr = 1;
    private const int ServFail = 2;
    private const int NxDomain = 3;
    private const int NotImp = 4;
    private const int Refused = 5;
    private const int BadVers = 16;

    private static readonly IPAddress Client = IPAddress.Parse("192.0.2.50");
    private static readonly IPAddress Server = IPAddress.Parse("192.0.2.1");

    [Fact]
    [Trait("Row", "N1")]
    public async Task A_leads_to_the_proxy()
    {
        var heard = await AskAsync(Query("pkg.test", A));
        Assert.Equal((NoError, 0x1234), (heard.Code, heard.Id));
        Assert.Equal(["192.0.2.1"], heard.Addresses);
        Assert.Equal(0x8180, heard.Flags);
    }

    [Theory]
    [Trait("Row", "N1")]
    [InlineData("pkg.test", Https)]
    [InlineData("pkg.test", Svcb)]
    [InlineData("_dns.resolver.arpa", Svcb)]
    [InlineData("_http._tcp.pkg.test", Srv)]
    [InlineData("_https._tcp.pkg.test", Srv)]
    [InlineData("app.localhost", Mx)]
    [InlineData(ProbeName.Host, Mx)]
    public async Task What_would_lead_past_the_proxy_has_no_data(string name, int type)
    {
        var sessions = new FakeSessions();
        var heard = await AskAsync(Query(name, type), sessions);
        Assert.Equal((NoError, true, 1), (heard.Code, heard.HasSoa, heard.Records.Count));
        Assert.Empty(sessions.Asked);
    }

    [Theory]
    [Trait("Row", "N1")]
    [InlineData("_ldap._tcp.pkg.test", Srv)]
    [InlineData("_http._tcp", Srv)]
    [InlineData("_http._tcp.pkg.test", A)]
    [InlineData("pkg.test", Txt)]
    [InlineData("pkg.test", Mx)]
    [InlineData("1.2.0.192.in-addr.arpa", 12)]
    [InlineData("pkg.test", 257)]
    [InlineData("", 2)]
    public async Task Everything_else_is_the_sessions_to_say(string name, int type)
    {
        var sessions = new FakeSessions((_, _) => new NameAnswer.NoData());
        Assert.True((await AskAsync(Query(name, type), sessions)).HasSoa);
        Assert.Equal([$"{name}/{type}"], sessions.Asked);
    }

    [Fact]
    [Trait("Row", "N1")]
    public async Task Any_is_answered_as_rfc_8482_says()
    {
        var heard = await AskAsync(Query("pkg.test", Any));
        var record = Assert.Single(heard.Records);
        Assert.Equal((HostInfo, "\aRFC8482\0"), (record.Type, System.Text.Encoding.ASCII.GetString(record.Data)));
    }

    [Theory]
    [Trait("Row", "N1")]
    [InlineData("localhost", A, "127.0.0.1")]
    [InlineData("a.b.LocalHost", A, "127.0.0.1")]
    [InlineData("localhost", Aaaa, "::1")]
    public async Task Localhost_is_loopback(string name, int type, string address) =>
        Assert.Equal([address], (await AskAsync(Query(name, type))).Addresses);

    [Fact]
    [Trait("Row", "N1")]
    public async Task The_case_of_the_name_is_kept_and_sessions_see_lower_case()
    {
        var sessions = new FakeSessions();
        var heard = await AskAsync(Query("pKg.TeSt", A), sessions);
        Assert.Equal("pKg.TeSt", heard.Question);
        Assert.Equal("pKg.TeSt", heard.Records[0].Owner);
        Assert.Equal(["pkg.test/1"], sessions.Asked);
    }

    [Fact]
    [Trait("Row", "N1")]
    public async Task Authenticated_data_is_never_claimed()
    {
        // AD and CD in the query, and AD in what was kept.
        var query = Query("pkg.test", Txt, flags: 0x0130);
        var kept = FakeResolver.Answer(Query("pkg.test", Txt), new Said(Records: [Rr.Text("x")]));
        kept[3] |= 0x20;
        Assert.False((await AskAsync(query, Says(new NameAnswer.Kept(kept)))).Authenticated);
        Assert.False((await AskAsync(query)).Authenticated);
    }

    [Fact]
    [Trait("Row", "N1")]
    public async Task Edns_is_answered_with_edns_and_its_absence_with_none()
    {
        Assert.Equal(1232, (await AskAsync(Query("pkg.test", A, opt: Edns(4096)))).EdnsPayload);
        Assert.Null((await AskAsync(Query("pkg.test", A))).EdnsPayload);
        var dnssec = await AskAsync(Query("pkg.test", A, opt: Edns(4096, dnssec: true)));
        Assert.Equal(0x8000u, dnssec.Records[^1].Ttl);
        var cookie = await AskAsync(Query("pkg.test", A, opt: Edns(4096, options: [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8])));
        Assert.Equal(["192.0.2.1"], cookie.Records.Where(r => r.Section == 0).Select(r => new IPAddress(r.Data).ToString()));
        Assert.Empty(cookie.Records[^1].Data);
    }

    [Fact]
    [Trait("Row", "N1")]
    public async Task An_unknown_version_of_edns_is_bad()
    {
        var heard = await AskAsync(Query("pkg.test", A, opt: Edns(4096, version: 1)));
        Assert.Equal(BadVers, heard.Code);
        Assert.Equal(0u, (heard.Records[^1].Ttl >> 16) & 0xFF);
    }

    public static TheoryData<string, byte[], int> Faulty => new()
    {
        { "class CH", Query("version.bind", Txt, questionClass: 3), Refused },
        { "class ANY", Query("pkg.test", A, questionClass: 255), Refused },
        { "opcode STATUS", Query("pkg.test", A, flags: 0x1000), NotImp },
        { "opcode UPDATE", Query("pkg.test", A, flags: 0x2800), NotImp },
        { "zone transfer", Query("pkg.test", 252), Refused },
        { "TSIG as a question", Query("pkg.test", 250), NotImp },
        { "OPT as a question", Query("pkg.test", Opt), FormErr },
        { "no question", [0x12, 0x34, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], FormErr },
        { "two questions", [.. WithCount(Query("a.test", A), 5, 2), .. Name("b.test"), 0, 1, 0, 1], FormErr },
        { "an answer in a query", WithCount(Query("a.test", A, opt: [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]), 7, 1), FormErr },
        { "name that breaks off", Query("pkg.test", A)[..16], FormErr },
        { "no class", Query("pkg.test", A)[..^2], FormErr },
        { "trailing bytes", [.. Query("pkg.test", A), 1, 2, 3], FormErr },
        { "pointer to itself", [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 12, 0, 1, 0, 1], FormErr },
        { "pointer into the header", [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 1, 0, 1], FormErr },
        { "reserved label", [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x41, 12, 0, 0, 1, 0, 1], FormErr },
        { "two EDNS records", WithCount(Query("a.test", A, opt: [.. Edns(512), .. Edns(512)]), 11, 2), FormErr },
        { "EDNS of another than the root", Query("a.test", A, opt: [1, (byte)'x', .. Edns(512)]), FormErr },
        { "EDNS option too long", Query("a.test", A, opt: Edns(512, options: [0, 10, 0, 9, 1])), FormErr },
        { "name too long", Query(string.Join('.', Enumerable.Repeat("0123456789", 24)), A), FormErr },
    };

    [Theory]
    [Trait("Row", "N1")]
    [MemberData(nameof(Faulty))]
    public async Task What_cannot_be_answered_is_told_so(string what, byte[] query, int code)
    {
        var heard = await AskAsync(query);
        Assert.Equal((what, code, (ushort)0x1234), (what, heard.Code, heard.Id));
        Assert.DoesNotContain(heard.Records, r => r.Section == 0);
    }

    [Fact]
    public async Task What_has_no_id_or_is_an_answer_gets_no_answer()
    {
        Assert.Null(await AnswerAsync([], new FakeSessions()));
        Assert.Null(await AnswerAsync(new byte[11], new FakeSessions()));
        Assert.Null(await AnswerAsync(Query("pkg.test", A, flags: 0x8180), new FakeSessions()));
    }

    [Theory]
    [Trait("Row", "N7")]
    [InlineData("use-application-dns.net", A, NxDomain)]
    [InlineData("use-application-dns.net", Aaaa, NxDomain)]
    [InlineData("Use-Application-DNS.net", Any, NxDomain)]
    [InlineData("dns.google", A, Refused)]
    [InlineData("mozilla.cloudflare-dns.com", A, Refused)]
    [InlineData("dns.quad9.net", Https, Refused)]
    public async Task Ways_around_the_resolver_are_closed_by_name(string name, int type, int code)
    {
        var sessions = new FakeSessions();
        Assert.Equal(code, (await AskAsync(Query(name, type), sessions)).Code);
        Assert.Empty(sessions.Asked);
    }

    [Theory]
    [Trait("Row", "N7")]
    [InlineData("notdns.google")]
    [InlineData("google")]
    [InlineData("my-use-application-dns.net")]
    [InlineData("notlocalhost")]
    public async Task Names_that_only_look_alike_are_not(string name) =>
        Assert.Equal(["192.0.2.1"], (await AskAsync(Query(name, A))).Addresses);

    [Fact]
    public async Task A_client_without_a_session_is_refused_whatever_it_asks()
    {
        var sessions = new FakeSessions { Knows = _ => false };
        foreach (var query in new[] { Query("pkg.test", A), Query("localhost", A), Query(ProbeName.Host, A), Query(ProbeName.Host, Txt), Query("pkg.test", A, flags: 0x1000), Query("pkg.test", A)[..16] })
            Assert.Equal(Refused, (await AskAsync(query, sessions)).Code & 0xF);
        Assert.Empty(sessions.Asked);
    }

    [Fact]
    [Trait("Row", "N5")]
    public async Task The_probe_name_leads_to_the_proxy_and_bears_its_mark()
    {
        var sessions = new FakeSessions((_, _) => new NameAnswer.NoSuchName());
        Assert.Equal(["192.0.2.1"], (await AskAsync(Query(ProbeName.Host, A), sessions)).Addresses);
        Assert.Equal([5, .. "kache"u8], (await AskAsync(Query(ProbeName.Host, Txt), sessions)).Records[0].Data);
        Assert.Empty(sessions.Asked);
    }

    [Fact]
    [Trait("Row", "N1b")]
    public async Task Aaaa_has_no_data_for_a_session_with_IPv4()
    {
        var heard = await AskAsync(Query("pkg.test", Aaaa));
        Assert.Equal((NoError, true), (heard.Code, heard.HasSoa));
        // Also when the query itself came over IPv6.
        var six = await AskAsync(Query("pkg.test", Aaaa), new FakeSessions { WithIPv4 = _ => true }, "::1", "::1");
        Assert.True(six.HasSoa);
        Assert.Equal(["127.0.0.1"], (await AskAsync(Query("pkg.test", A), new FakeSessions { WithIPv4 = _ => true }, "::1", "::1")).Addresses);
    }

    [Fact]
    [Trait("Row", "N1b")]
    public async Task Aaaa_leads_to_the_proxy_for_a_session_without_IPv4()
    {
        Assert.Equal(["2001:db8::1"], (await AskAsync(Query("pkg.test", Aaaa), new FakeSessions(), "2001:db8::50", "2001:db8::1")).Addresses);
        Assert.True((await AskAsync(Query("pkg.test", A), new FakeSessions(), "2001:db8::50", "2001:db8::1")).HasSoa);
    }

    [Fact]
    public async Task An_IPv4_client_on_an_IPv6_socket_is_an_IPv4_client() =>
        Assert.Equal(["192.0.2.1"], (await AskAsync(Query("pkg.test", A), new FakeSessions(), "::ffff:192.0.2.50", "::ffff:192.0.2.1")).Addresses);

    [Fact]
    public async Task Advertised_addresses_win_over_the_one_that_was_asked()
    {
        string[] advertised = ["198.51.100.1", "198.51.100.2", "2001:db8::9"];
        Assert.Equal(["198.51.100.1", "198.51.100.2"], (await AskAsync(Query("pkg.test", A), advertise: advertised)).Addresses);
        Assert.Equal(["2001:db8::9"], (await AskAsync(Query("pkg.test", Aaaa), new FakeSessions(), "2001:db8::50", "2001:db8::1", advertised)).Addresses);
    }

    [Fact]
    [Trait("Row", "N6")]
    public async Task A_bypassed_host_has_its_real_addresses_each_in_its_family()
    {
        var real = Says(new NameAnswer.Addresses([IPAddress.Parse("203.0.113.1"), IPAddress.Parse("2001:db8::7"), IPAddress.Parse("203.0.113.2")]));
        Assert.Equal(["203.0.113.1", "203.0.113.2"], (await AskAsync(Query("ssh.test", A), real)).Addresses);
        Assert.Equal(["2001:db8::7"], (await AskAsync(Query("ssh.test", Aaaa), real)).Addresses);
    }

    [Fact]
    [Trait("Row", "N4")]
    public async Task Nothing_lives_longer_than_five_seconds()
    {
        var kept = FakeResolver.Answer(Query("pkg.test", Txt), new Said(Records: [Rr.Text("long", 86400), Rr.Text("short", 2)]));
        var heard = await AskAsync(Query("pkg.test", Txt, opt: Edns(1232)), Says(new NameAnswer.Kept(kept)));
        Assert.Equal([5u, 2u], heard.Records.Where(r => r.Section == 0).Select(r => r.Ttl));
        foreach (var answer in new[] { await AskAsync(Query("pkg.test", A)), await AskAsync(Query("pkg.test", Aaaa)), await AskAsync(Query("pkg.test", Any)), await AskAsync(Query("pkg.test", A), Says(new NameAnswer.NoSuchName())) })
            Assert.All(answer.Records, r => Assert.InRange(r.Ttl, 0u, 5u));
        // What "nothing" lives for is the last number of the SOA (RFC 2308 §3).
        Assert.Equal(5, (await AskAsync(Query("pkg.test", Aaaa))).Records[0].Data[^1]);
    }

    [Fact]
    [Trait("Row", "N1")]
    public async Task A_kept_answer_goes_out_under_the_questions_id_and_case_without_additions()
    {
        var kept = FakeResolver.Answer(Query("_ldap._tcp.pkg.test", Srv, id: 0), new Said(Records:
            [new Rr(Srv, [0, 0, 0, 0, 1, 0x85, .. Name("ldap.pkg.test")]), Rr.Address("203.0.113.7") with { Additional = true }]));
        var heard = await AskAsync(Query("_LDAP._tcp.pkg.TEST", Srv, id: 0xBEEF), Says(new NameAnswer.Kept(kept)));
        Assert.Equal((0xBEEF, "_LDAP._tcp.pkg.TEST"), (heard.Id, heard.Question));
        // The real address beside it would lead past the proxy.
        Assert.Equal((Srv, 0), (Assert.Single(heard.Records).Type, heard.Records[0].Section));
    }

    [Fact]
    public async Task A_kept_answer_that_does_not_belong_to_the_question_is_a_failure()
    {
        var other = FakeResolver.Answer(Query("other.test", Txt), new Said(Records: [Rr.Text("x")]));
        Assert.Equal(ServFail, (await AskAsync(Query("pkgs.test", Txt), Says(new NameAnswer.Kept(other)))).Code);
        Assert.Equal(ServFail, (await AskAsync(Query("pkg.test", Txt), Says(new NameAnswer.Kept(new byte[5])))).Code);
        Assert.Equal(ServFail, (await AskAsync(Query("other.test", Txt), Says(new NameAnswer.Kept(other[..^1])))).Code);
    }

    [Fact]
    [Trait("Row", "N3")]
    public async Task What_does_not_exist_is_told_with_an_soa()
    {
        var heard = await AskAsync(Query("pypi.test.corp.test", A), Says(new NameAnswer.NoSuchName()));
        Assert.Equal((NxDomain, true), (heard.Code, heard.HasSoa));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(512, true)]
    [InlineData(100, true)]
    [InlineData(1232, false)]
    [InlineData(65535, false)]
    public async Task An_answer_too_large_for_the_clients_datagrams_is_truncated(int? payload, bool truncated)
    {
        var kept = FakeResolver.Answer(Query("pkg.test", Txt), new Said(Records: [.. Enumerable.Range(0, 9).Select(_ => Rr.Text(new string('x', 100)))]));
        var query = Query("pkg.test", Txt, opt: payload is { } size ? Edns(size) : null);
        var answer = await AnswerAsync(query, Says(new NameAnswer.Kept(kept)));
        Assert.Equal(truncated, Read(answer!).Truncated);
        if (truncated) Assert.InRange(answer!.Length, 12, 512);
        Assert.Equal("pkg.test", Read(answer!).Question);
        Assert.False(Read((await AnswerAsync(query, Says(new NameAnswer.Kept(kept)), tcp: true))!).Truncated);
    }

    [Fact]
    public async Task A_session_that_breaks_is_a_server_failure() =>
        Assert.Equal(ServFail, (await AskAsync(Query("pkg.test", A), new FakeSessions((_, _) => throw new InvalidOperationException("boom")))).Code);

    private static FakeSessions Says(NameAnswer answer) => new((_, _) => answer);

    private static byte[] WithCount(byte[] message, int at, byte count)
    {
        message[at] = count;
        if (at == 7) message[11] = 0;
        return message;
    }

    private static async Task<Heard> AskAsync(byte[] query, FakeSessions? sessions = null, string? client = null, string? server = null, string[]? advertise = null)
    {
        var answer = await AnswerAsync(query, sessions ?? new FakeSessions(), client, server, advertise);
        Assert.NotNull(answer);
        return Read(answer);
    }

    private static ValueTask<byte[]?> AnswerAsync(
        byte[] query, FakeSessions sessions, string? client = null, string? server = null, string[]? advertise = null, bool tcp = false)
    {
        var responder = new Responder(sessions, new ProxyAddresses([.. (advertise ?? []).Select(IPAddress.Parse)]), NullLogger.Instance);
        var asker = Asker.Create(client is null ? Client : IPAddress.Parse(client), server is null ? Server : IPAddress.Parse(server), tcp);
        return responder.AnswerAsync(query, asker, TestContext.Current.CancellationToken);
    }
}
