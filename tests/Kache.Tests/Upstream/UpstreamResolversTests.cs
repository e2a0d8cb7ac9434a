using System.Net;
using Kache.Dns;
using Kache.Dns.Messages;
using Kache.Tests.Dns;
using Kache.Upstream;
using Kache.Upstream.Resolving;
using Xunit;

namespace Kache.Tests.Upstream;

public sealed class UpstreamResolversTests : IDisposable
{
    private const int Txt = 16;

    private readonly string _file = Path.GetTempFileName();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("nameserver 192.0.2.53\nsearch corp.test\noptions edns0\nnameserver 2001:db8::53", "192.0.2.53:53 [2001:db8::53]:53")]
    [InlineData("# nameserver 192.0.2.1\n;nameserver 192.0.2.2\n  nameserver\t127.0.0.53 # stub\n", "127.0.0.53:53")]
    [InlineData("nameserver 192.0.2.1\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4", "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53")]
    [InlineData("nameserver none\nnameservers 192.0.2.1\nnameserver", "127.0.0.1:53")]
    [InlineData("", "127.0.0.1:53")]
    public void Resolv_conf_is_read_as_the_c_libraries_read_it(string text, string resolvers) =>
        Assert.Equal(resolvers, string.Join(' ', ResolvConf.Parse(text)));

    [Theory]
    [InlineData("127.0.0.1 localhost\n::1 localhost ip6-localhost", "localhost", "127.0.0.1 ::1")]
    [InlineData("192.0.2.1 Mirror.Test. mirror", "mirror.test", "192.0.2.1")]
    [InlineData("192.0.2.1 a.test\n192.0.2.1 a.test\n#192.0.2.2 a.test", "a.test", "192.0.2.1")]
    [InlineData("no-address a.test\n192.0.2.1\n192.0.2.3 a.test", "a.test", "192.0.2.3")]
    public void Hosts_are_read_leniently(string text, string name, string addresses) =>
        Assert.Equal(addresses, string.Join(' ', HostsFile.Parse(text)[name]));

    [Fact]
    [Trait("Row", "N5")]
    public async Task When_the_machine_is_pointed_at_kache_its_resolvers_of_before_are_asked()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Port 53 needs root.");
        await using var real = new FakeResolver((_, _) => Said.NoSuchName, "127.77.0.1", 53);
        await using var other = new FakeResolver((_, _) => Said.NoSuchName, "127.77.0.2", 53);
        await using var kache = new FakeResolver((name, type) => name == ProbeName.Host && type == Txt ? new Said(Records: [Rr.Text(ProbeName.Mark)]) : Said.Addresses("127.0.0.1"), "127.77.0.3", 53);

        Point("127.77.0.1");
        var resolvers = Resolvers();
        Assert.Equal([real.Endpoint], await resolvers.ListAsync(Stop));
        Point("127.77.0.3");
        Assert.Equal([real.Endpoint], await resolvers.ListAsync(Stop));
        // A network that changed is followed.
        Point("127.77.0.2", "127.77.0.3");
        Assert.Equal([other.Endpoint, kache.Endpoint], await resolvers.ListAsync(Stop));
        Point("127.77.0.3", "");
        Assert.Equal([other.Endpoint, kache.Endpoint], await resolvers.ListAsync(Stop));
        Assert.Empty(kache.Asked);
    }

    [Fact]
    [Trait("Row", "N5")]
    public async Task A_server_that_begins_while_the_machine_is_pointed_at_it_asks_what_the_machine_asked_before()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Port 53 needs root.");
        await using var kache = new FakeResolver((name, type) => name == ProbeName.Host && type == Txt ? new Said(Records: [Rr.Text(ProbeName.Mark)]) : Said.Addresses("127.0.0.1"), "127.77.0.4", 53);
        var before = new IPEndPoint(IPAddress.Parse("192.0.2.53"), 53);
        Point("127.77.0.4");
        Assert.Equal([before], await Resolvers(new UpstreamOptions { ResolversBefore = [before] }).ListAsync(Stop));
    }

    [Fact]
    [Trait("Row", "N5")]
    public async Task Resolvers_that_were_told_are_asked_and_proved_all_the_same()
    {
        await using var kache = new FakeResolver((_, _) => new Said(Records: [Rr.Text(ProbeName.Mark)]));
        var resolvers = Resolvers(new UpstreamOptions { Resolvers = [kache.Endpoint] });
        Assert.Equal([kache.Endpoint], await resolvers.ListAsync(Stop));
        var failure = await Assert.ThrowsAsync<UpstreamException>(() => resolvers.AskAsync(kache.Endpoint, Packets.Query("a.test", 1), Stop));
        Assert.Equal(UpstreamFailure.Loop, failure.Failure);
        Assert.Contains("--upstream-dns", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "N5")]
    public async Task A_resolver_is_proved_once_by_all_who_ask_and_again_after_it_refused()
    {
        var well = false;
        var probes = 0;
        await using var resolver = new FakeResolver((name, _) =>
        {
            if (name == ProbeName.Host) Interlocked.Increment(ref probes);
            return !well ? new Said(5) : name == ProbeName.Host ? Said.NoSuchName : Said.Addresses("192.0.2.1");
        });
        var resolvers = Resolvers(new UpstreamOptions { Resolvers = [resolver.Endpoint] });
        Assert.True(DnsHeader.TryRead(await resolvers.AskAsync(resolver.Endpoint, Packets.Query("a.test", 1), Stop), out var refused));
        Assert.Equal(ResponseCode.Refused, refused.Code);
        well = true;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => resolvers.AskAsync(resolver.Endpoint, Packets.Query($"h{i}.test", 1), Stop)));
        Assert.Equal(2, probes);
    }

    [Fact]
    [Trait("Row", "N5")]
    public async Task A_resolver_that_refuses_the_probes_domain_only_is_a_resolver()
    {
        await using var corporate = new FakeResolver((name, _) => name.EndsWith(".internal", StringComparison.Ordinal) ? new Said(5) : Said.Addresses("192.0.2.1"));
        var resolvers = Resolvers(new UpstreamOptions { Resolvers = [corporate.Endpoint] });
        Assert.Equal(["192.0.2.1"], Packets.Read(await resolvers.AskAsync(corporate.Endpoint, Packets.Query("a.test", 1), Stop)).Addresses);
    }

    [Fact]
    public async Task A_hijacking_resolver_that_answers_every_name_is_not_taken_for_kache()
    {
        await using var hijacker = new FakeResolver((_, type) => type == 1 ? Said.Addresses("203.0.113.99") : Said.NoData);
        var resolvers = Resolvers(new UpstreamOptions { Resolvers = [hijacker.Endpoint] });
        Assert.Equal(["203.0.113.99"], Packets.Read(await resolvers.AskAsync(hijacker.Endpoint, Packets.Query("a.test", 1), Stop)).Addresses);
    }

    private UpstreamResolvers Resolvers(UpstreamOptions? options = null) =>
        new(new OutgoingSockets(TimeProvider.System), options ?? new UpstreamOptions(), TimeProvider.System, _file);

    // The length tells a change that the clock is too coarse to show.
    private void Point(params string[] resolvers) => File.WriteAllText(_file, string.Concat(resolvers.Select(r => $"nameserver {r}\n")) + new string('#', Random.Shared.Next(1, 500)));
}
