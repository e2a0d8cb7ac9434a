using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Kache.Exchanges;
using Kache.Tests.Dns;
using Kache.Upstream;
using Kache.Upstream.Resolving;
using Xunit;

namespace Kache.Tests.Upstream;

public sealed class DialerTests : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public DialerTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task A_name_is_resolved_and_connected_to()
    {
        await using var resolver = new FakeResolver((name, type) => (name, type) == ("origin.test", 1) ? Said.Addresses("127.0.0.1") : Said.NoData);
        using var socket = await Dialer(resolver).DialAsync(new Authority("origin.test", Port), Stop);
        Assert.Equal(_listener.LocalEndPoint, socket.RemoteEndPoint);
    }

    [Fact]
    public async Task The_next_address_is_tried_when_one_refuses()
    {
        await using var resolver = new FakeResolver((_, type) => type == 1 ? Said.Addresses("127.0.0.2", "127.0.0.3", "127.0.0.1") : Said.Addresses("::1"));
        using var socket = await Dialer(resolver).DialAsync(new Authority("origin.test", Port), Stop);
        Assert.Equal(_listener.LocalEndPoint, socket.RemoteEndPoint);
    }

    [Fact]
    [Trait("Row", "H22")]
    public async Task A_port_where_nothing_listens_refuses_and_says_so()
    {
        _listener.Dispose();
        var failure = await Assert.ThrowsAsync<UpstreamException>(async () => await Dialer().DialAsync(new Authority("127.0.0.1", 1), Stop));
        Assert.Equal(UpstreamFailure.ConnectionRefused, failure.Failure);
        Assert.Equal("127.0.0.1:1 (127.0.0.1) refused the connection.", failure.Message);
    }

    [Fact]
    [Trait("Row", "H22")]
    public async Task A_name_that_does_not_exist_is_a_failure_of_dns()
    {
        await using var resolver = new FakeResolver((_, _) => Said.NoSuchName);
        var failure = await Assert.ThrowsAsync<UpstreamException>(async () => await Dialer(resolver).DialAsync(new Authority("none.test", 80), Stop));
        Assert.Equal((UpstreamFailure.DnsError, "The name none.test does not exist."), (failure.Failure, failure.Message));
    }

    [Fact]
    [Trait("Row", "H22")]
    public async Task A_resolver_that_is_silent_is_a_timeout_of_dns()
    {
        await using var resolver = new FakeResolver((_, _) => Said.Nothing);
        var failure = await Assert.ThrowsAsync<UpstreamException>(async () => await Dialer(resolver).DialAsync(new Authority("slow.test", 80), Stop));
        Assert.Equal(UpstreamFailure.DnsTimeout, failure.Failure);
    }

    [Fact]
    [Trait("Row", "N12")]
    public async Task Kache_itself_is_not_dialled_by_name_or_address()
    {
        await using var resolver = new FakeResolver((_, _) => Said.Addresses("127.0.0.1"));
        var options = new UpstreamOptions { IsOwnAddress = e => e.Port == Port };
        foreach (var host in new[] { "loop.test", "127.0.0.1", "x.localhost" })
        {
            var failure = await Assert.ThrowsAsync<UpstreamException>(async () => await Dialer(resolver, options).DialAsync(new Authority(host, Port), Stop));
            Assert.Equal(UpstreamFailure.Loop, failure.Failure);
        }
    }

    [Fact]
    public async Task Whoever_gives_up_gets_no_connection()
    {
        await using var resolver = new FakeResolver((_, _) => Said.Nothing);
        using var soon = new CancellationTokenSource(100);
        var clock = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Dialer(resolver).DialAsync(new Authority("slow.test", 80), soon.Token));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1.8));
    }

    [Fact]
    public void Sockets_are_opened_in_few_places_and_each_says_what_for()
    {
        var opening = Documents.Sources().Where(f => File.ReadAllText(f).Contains("new Socket(", StringComparison.Ordinal));
        // The way out; ports that are listened on, bound here or passed in; a client of our own API; the proof that this machine's names lead to Kache; a packet
        // socket of the sandbox's, which only sees.
        Assert.Equal(["Api/ApiConnection.cs", "Host/Prober.cs", "Sandbox/RefusedPorts.cs", "Server/BoundPorts.cs", "Server/EmbeddedServer.cs", "Upstream/OutgoingSockets.cs"],
            opening.Select(f => f[(f.IndexOf("/src/Kache/", StringComparison.Ordinal) + "/src/Kache/".Length)..]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Families_take_turns_and_those_without_a_route_come_last()
    {
        var all = new[] { "192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.1", "2001:db8::2" }.Select(IPAddress.Parse).ToList();
        Assert.Equal("2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2", string.Join(' ', AddressOrder.Of(all, _ => true)));
        Assert.Equal("192.0.2.1 192.0.2.2 2001:db8::1 2001:db8::2", string.Join(' ', AddressOrder.Of(all, a => a.AddressFamily == AddressFamily.InterNetwork)));
    }

    [Fact]
    public async Task A_slow_way_does_not_hold_up_the_next_and_is_called_off()
    {
        var calledOff = new TaskCompletionSource();
        var results = await Race.RunAsync(
            ["slow", "quick"],
            async (way, token) =>
            {
                if (way == "quick") return way;
                await using var noted = token.Register(calledOff.SetResult);
                await Task.Delay(Timeout.Infinite, token);
                return way;
            },
            way => way == "quick", static _ => { }, TimeSpan.FromMilliseconds(20), TimeProvider.System, Stop);
        Assert.Equal(["quick"], results);
        await calledOff.Task.WaitAsync(TimeSpan.FromSeconds(5), Stop);
    }

    [Fact]
    public async Task A_query_goes_to_a_resolver_as_it_is()
    {
        await using var resolver = new FakeResolver((_, _) => Said.Addresses("192.0.2.1"));
        byte[] query = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, (byte)'a', 4, .. "test"u8, 0, 0, 1, 0, 1];
        var answer = await new OutgoingSockets(TimeProvider.System).QueryAsync(resolver.Endpoint, query, Stop);
        Assert.Equal(FakeResolver.Answer(query, Said.Addresses("192.0.2.1")), answer);
    }

    private static Dialer Dialer(FakeResolver? resolver = null, UpstreamOptions? options = null)
    {
        var told = (options ?? new UpstreamOptions()) with { Resolvers = resolver is null ? [] : [resolver.Endpoint] };
        var sockets = new OutgoingSockets(TimeProvider.System);
        var names = new UpstreamNames(new UpstreamResolvers(sockets, told, TimeProvider.System, "/nonexistent"), told, TimeProvider.System, "/nonexistent");
        return new Dialer(names, sockets, told, TimeProvider.System);
    }
}
