using System.Diagnostics;
using System.Net;
using Kache.Tests.Dns;
using Kache.Upstream;
using Kache.Upstream.Resolving;
using Xunit;

namespace Kache.Tests.Upstream;

public sealed class UpstreamNamesTests : IDisposable
{
    private const int A = 1;
    private const int Txt = 16;
    private const int Aaaa = 28;

    private readonly string _hosts = Path.GetTempFileName();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_hosts);

    [Fact]
    [Trait("Row", "N3")]
    public async Task A_host_exists_when_either_family_has_an_address()
    {
        await using var resolver = new FakeResolver((name, type) => (name, type) switch
        {
            ("both.test", A) => Said.Addresses("192.0.2.1", "192.0.2.2"),
            ("both.test", Aaaa) => Said.Addresses("2001:db8::1"),
            ("four.test", A) => Said.Addresses("192.0.2.3"),
            ("six.test", Aaaa) => Said.Addresses("2001:db8::2"),
            _ => Said.NoData,
        });
        var names = Names(resolver);
        Assert.Equal(["192.0.2.1", "192.0.2.2", "2001:db8::1"], await AddressesAsync(names, "Both.TEST."));
        Assert.Equal(["192.0.2.3"], await AddressesAsync(names, "four.test"));
        Assert.Equal(["2001:db8::2"], await AddressesAsync(names, "six.test"));
        Assert.IsType<HostLookup.DoesNotExist>(await names.LookUpHostAsync("neither.test", Stop));
    }

    [Fact]
    [Trait("Row", "N3")]
    public async Task Nxdomain_is_no_host_and_servfail_is_not_known()
    {
        await using var resolver = new FakeResolver((name, _) => name == "none.test" ? Said.NoSuchName : Said.ServFail);
        var names = Names(resolver);
        Assert.IsType<HostLookup.DoesNotExist>(await names.LookUpHostAsync("none.test", Stop));
        var unknown = Assert.IsType<HostLookup.Unknown>(await names.LookUpHostAsync("ill.test", Stop));
        Assert.Equal($"The resolver {resolver.Endpoint} said SERVFAIL.", unknown.Reason);
        Assert.False(unknown.TimedOut);
    }

    [Fact]
    [Trait("Row", "N3")]
    public async Task Nothing_in_two_seconds_is_not_known()
    {
        await using var resolver = new FakeResolver((name, _) => name.EndsWith(".internal", StringComparison.Ordinal) ? Said.NoSuchName : Said.Nothing);
        var names = Names(resolver);
        var clock = Stopwatch.StartNew();
        var unknown = Assert.IsType<HostLookup.Unknown>(await names.LookUpHostAsync("slow.test", Stop));
        Assert.True(unknown.TimedOut);
        Assert.InRange(clock.Elapsed.TotalSeconds, 1.8, 5);
        // The question was sent again, in case the first was lost.
        Assert.True(resolver.Asked.Count(a => a == "slow.test/1") > 1);
    }

    [Fact]
    public async Task One_lookup_is_shared_by_all_who_ask()
    {
        await using var resolver = new FakeResolver((_, type) => type == A ? Said.Addresses("192.0.2.1") with { DelayMs = 100 } : Said.NoData);
        var names = Names(resolver);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => names.LookUpHostAsync("a.test", Stop).AsTask()));
        await names.ResolveAsync("A.test", Stop);
        Assert.Equal(["a.test/1", "a.test/28"], resolver.Asked.Order());
    }

    [Fact]
    public async Task Queries_have_ids_and_ports_that_are_not_to_be_guessed()
    {
        await using var resolver = new FakeResolver((_, _) => Said.Addresses("192.0.2.1"));
        var names = Names(resolver);
        for (var i = 0; i < 20; i++) await names.LookUpHostAsync($"h{i}.test", Stop);
        Assert.True(resolver.From.Select(f => f.Id).Distinct().Count() > 30);
        Assert.True(resolver.From.Select(f => f.Port).Distinct().Count() > 10);
    }

    [Fact]
    public async Task A_truncated_answer_is_asked_for_again_over_tcp()
    {
        await using var resolver = new FakeResolver((_, type) => type == Txt ? new Said(Records: [Rr.Text("long")], Truncated: true) : Said.NoData);
        var answer = await Names(resolver).QueryAsync("big.test", Txt, Stop);
        Assert.Equal(0, answer!.Value.ResponseCode);
        Assert.Contains("long", System.Text.Encoding.ASCII.GetString(answer.Value.Message), StringComparison.Ordinal);
        Assert.Equal(["big.test/16", "big.test/16/tcp"], resolver.Asked);
    }

    [Fact]
    public async Task Other_types_have_the_upstreams_message_or_none()
    {
        await using var resolver = new FakeResolver((name, _) => name == "gone.test" ? Said.NoSuchName : Said.ServFail);
        var names = Names(resolver);
        Assert.Equal(3, (await names.QueryAsync("gone.test", Txt, Stop))!.Value.ResponseCode);
        Assert.Null(await names.QueryAsync("ill.test", Txt, Stop));
    }

    [Fact]
    public async Task The_next_resolver_is_asked_when_one_fails_or_is_slow()
    {
        await using var silent = new FakeResolver((name, _) => name.EndsWith(".internal", StringComparison.Ordinal) ? Said.NoSuchName : Said.Nothing);
        await using var ill = new FakeResolver((_, _) => Said.ServFail);
        await using var good = new FakeResolver((_, _) => Said.Addresses("192.0.2.9"));
        var closed = new IPEndPoint(IPAddress.Loopback, 1);
        var names = Names([closed, silent.Endpoint, ill.Endpoint, good.Endpoint]);
        var clock = Stopwatch.StartNew();
        Assert.Equal(["192.0.2.9"], await AddressesAsync(names, "a.test"));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.3, 1.9);
    }

    [Fact]
    [Trait("Row", "N5")]
    public async Task A_resolver_that_is_kache_is_not_used()
    {
        await using var kache = new FakeResolver((name, type) =>
            name == Kache.Dns.ProbeName.Host && type == Txt ? new Said(Records: [Rr.Text(Kache.Dns.ProbeName.Mark)]) : Said.Addresses("127.0.0.1"));
        await using var real = new FakeResolver((name, _) => name.EndsWith(".internal", StringComparison.Ordinal) ? Said.NoSuchName : Said.Addresses("192.0.2.7"));
        Assert.Equal(["192.0.2.7"], await AddressesAsync(Names([kache.Endpoint, real.Endpoint]), "a.test"));
        Assert.Empty(kache.Asked);

        var unknown = Assert.IsType<HostLookup.Unknown>(await Names(kache).LookUpHostAsync("a.test", Stop));
        Assert.Contains("is Kache itself", unknown.Reason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "N5")]
    public async Task A_resolver_on_an_address_of_kache_is_not_even_asked()
    {
        await using var resolver = new FakeResolver((_, _) => Said.Addresses("192.0.2.7"));
        var names = Names([resolver.Endpoint], new UpstreamOptions { IsOwnAddress = e => e.Equals(resolver.Endpoint) });
        Assert.IsType<HostLookup.Unknown>(await names.LookUpHostAsync("a.test", Stop));
        Assert.Empty(resolver.From);
    }

    [Fact]
    [Trait("Row", "N5")]
    public async Task The_hosts_file_applies_and_is_read_when_it_changes()
    {
        await using var resolver = new FakeResolver((_, _) => Said.NoSuchName);
        var names = Names(resolver);
        Assert.IsType<HostLookup.DoesNotExist>(await names.LookUpHostAsync("later.test", Stop));
        await File.WriteAllTextAsync(_hosts, "# ours\n192.0.2.5\tmirror.test Mirror # here\n2001:db8::5 mirror.test\n", Stop);
        Assert.Equal(["192.0.2.5", "2001:db8::5"], await AddressesAsync(names, "mirror.test"));
        Assert.Equal(["192.0.2.5"], await AddressesAsync(names, "MIRROR"));
    }

    [Fact]
    public async Task Addresses_and_localhost_need_nobody()
    {
        var names = Names([]);
        Assert.Equal(["192.0.2.1"], await AddressesAsync(names, "192.0.2.1"));
        Assert.Equal(["2001:db8::1"], await AddressesAsync(names, "2001:db8::1"));
        Assert.Equal(["127.0.0.1", "::1"], await AddressesAsync(names, "app.localhost"));
    }

    [Fact]
    [Trait("Row", "N3")]
    public async Task With_an_upstream_proxy_every_name_exists_and_its_own_is_still_resolved()
    {
        await using var resolver = new FakeResolver((name, _) => name == "proxy.test" ? Said.Addresses("192.0.2.3") : Said.NoSuchName);
        var names = Names([resolver.Endpoint], new UpstreamOptions { Proxy = new Uri("http://proxy.test:3128") });
        Assert.Empty(await AddressesAsync(names, "unheard-of.test"));
        Assert.Empty(resolver.Asked);
        var own = Assert.IsType<HostLookup.Exists>(await names.ResolveAsync("proxy.test", Stop));
        Assert.Contains(IPAddress.Parse("192.0.2.3"), own.Addresses);
    }

    [Theory]
    [InlineData("a..test")]
    [InlineData("höst.test")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123.test")]
    public async Task What_is_no_name_is_not_asked(string host)
    {
        await using var resolver = new FakeResolver((_, _) => Said.Addresses("192.0.2.1"));
        Assert.IsNotType<HostLookup.Exists>(await Names(resolver).LookUpHostAsync(host, Stop));
        Assert.Empty(resolver.Asked);
    }

    private UpstreamNames Names(FakeResolver resolver) => Names([resolver.Endpoint]);

    private UpstreamNames Names(IReadOnlyList<IPEndPoint> resolvers, UpstreamOptions? options = null)
    {
        var told = (options ?? new UpstreamOptions()) with { Resolvers = resolvers };
        return new UpstreamNames(new UpstreamResolvers(new OutgoingSockets(TimeProvider.System), told, TimeProvider.System, "/nonexistent"), told, TimeProvider.System, _hosts);
    }

    private static async Task<IEnumerable<string>> AddressesAsync(UpstreamNames names, string host) =>
        Assert.IsType<HostLookup.Exists>(await names.LookUpHostAsync(host, Stop)).Addresses.Select(a => a.ToString());
}
