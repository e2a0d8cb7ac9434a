using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Kache.Dns;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static Kache.Tests.Dns.Packets;

namespace Kache.Tests.Dns;

/// <summary>The server on real sockets of loopback.</summary>
public sealed class DnsServerTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Row", "N1")]
    public async Task A_query_over_udp_is_answered()
    {
        await using var server = new RunningServer(new FakeSessions());
        using var client = server.UdpClient();
        await client.SendAsync(Query("pkg.test", A), Stop);
        Assert.Equal(["127.0.0.1"], (await ReceiveAsync(client)).Addresses);
    }

    [Fact]
    [Trait("Row", "N1")]
    public async Task An_answer_leaves_from_the_address_that_was_asked()
    {
        await using var server = new RunningServer(new FakeSessions(), "0.0.0.0");
        foreach (var address in new[] { "127.0.0.1", "127.0.0.2", "127.9.9.9" })
        {
            // Connected, the kernel drops whatever comes from another address.
            using var client = server.UdpClient(address);
            await client.SendAsync(Query("pkg.test", A), Stop);
            Assert.Equal([address], (await ReceiveAsync(client)).Addresses);
        }
    }

    [Fact]
    [Trait("Row", "N1b")]
    public async Task Over_IPv6_a_session_without_IPv4_gets_the_address_that_it_asked()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "This machine has no IPv6.");
        await using var server = new RunningServer(new FakeSessions(), "::");
        using var client = server.UdpClient("::1");
        await client.SendAsync(Query("pkg.test", Aaaa), Stop);
        Assert.Equal(["::1"], (await ReceiveAsync(client)).Addresses);
    }

    [Fact]
    [Trait("Row", "N1")]
    public async Task A_host_with_several_addresses_answers_from_each_of_them()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "A network namespace needs root.");
        var (server, clients) = await InNamespaceAsync(
            [
                "address add 10.73.0.1/24 dev lo", "address add 10.73.0.2/24 dev lo", "address add 2001:db8:73::1/64 dev lo nodad", "address add 2001:db8:73::2/64 dev lo nodad",
                // As in a sandbox: every address in the world is the server's.
                "route add local 0.0.0.0/0 dev lo", "-6 route add local ::/0 dev lo",
            ],
            () =>
            {
                var four = new RunningServer(new FakeSessions(), "0.0.0.0");
                var six = new RunningServer(new FakeSessions(), "::");
                Socket[] clients =
                [
                    four.UdpClient("10.73.0.2", "10.73.0.1"), four.UdpClient("10.73.0.1", "10.73.0.2"), four.UdpClient("203.0.113.53", "10.73.0.1"),
                    six.UdpClient("2001:db8:73::2", "2001:db8:73::1"), six.UdpClient("2001:db8:73::1", "2001:db8:73::2"), six.UdpClient("2001:db8:ffff::53", "2001:db8:73::1"),
                ];
                return (new[] { four, six }, clients);
            });
        foreach (var client in clients)
        {
            var asked = ((IPEndPoint)client.RemoteEndPoint!).Address;
            await client.SendAsync(Query("pkg.test", asked.AddressFamily == AddressFamily.InterNetwork ? A : Aaaa), Stop);
            Assert.Equal([asked.ToString()], (await ReceiveAsync(client)).Addresses);
            client.Dispose();
        }
        foreach (var one in server) await one.DisposeAsync();
    }

    [Fact]
    [Trait("Row", "N1")]
    public async Task Queries_over_tcp_are_answered_as_their_answers_come()
    {
        var slow = new TaskCompletionSource();
        await using var server = new RunningServer(new FakeSessions { Before = name => name == "slow.test" ? slow.Task : Task.CompletedTask });
        await using var client = await server.TcpClientAsync();
        // All in one segment, the second cut in two by the next one.
        byte[] asked = [.. Framed(Query("slow.test", A, id: 1)), .. Framed(Query("one.test", A, id: 2)), .. Framed(Query("two.test", A, id: 3))];
        await client.WriteAsync(asked.AsMemory(0, 40), Stop);
        await client.FlushAsync(Stop);
        await client.WriteAsync(asked.AsMemory(40), Stop);
        string[] quick = [(await ReceiveAsync(client)).Question, (await ReceiveAsync(client)).Question];
        Assert.Equal(["one.test", "two.test"], quick.Order());
        slow.SetResult();
        Assert.Equal("slow.test", (await ReceiveAsync(client)).Question);
    }

    [Fact]
    public async Task Who_has_said_all_over_tcp_still_gets_the_answers()
    {
        await using var server = new RunningServer(new FakeSessions { Before = _ => Task.Delay(100, Stop) });
        await using var client = await server.TcpClientAsync();
        await client.WriteAsync(Framed(Query("pkg.test", A)), Stop);
        client.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(["127.0.0.1"], (await ReceiveAsync(client)).Addresses);
        Assert.Equal(0, await client.ReadAsync(new byte[1], Stop));
    }

    [Fact]
    public async Task An_idle_or_a_halting_connection_is_closed()
    {
        await using var server = new RunningServer(new FakeSessions(), options: new DnsServerOptions { IdleLimit = TimeSpan.FromMilliseconds(200) });
        await using var idle = await server.TcpClientAsync();
        await using var halting = await server.TcpClientAsync();
        await halting.WriteAsync(Framed(Query("pkg.test", A)).AsMemory(0, 7), Stop);
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, await ReadToEndAsync(idle));
        Assert.Equal(0, await ReadToEndAsync(halting));
        Assert.InRange(clock.ElapsedMilliseconds, 100, 5000);
    }

    [Fact]
    public async Task Connections_beyond_the_bound_are_closed_and_the_others_served()
    {
        await using var server = new RunningServer(new FakeSessions(), options: new DnsServerOptions { MostConnectionsOfClient = 2 });
        await using var first = await server.TcpClientAsync();
        await using var second = await server.TcpClientAsync();
        await first.WriteAsync(Framed(Query("pkg.test", A)), Stop);
        await ReceiveAsync(first);
        await second.WriteAsync(Framed(Query("pkg.test", A)), Stop);
        await ReceiveAsync(second);
        await using var third = await server.TcpClientAsync();
        Assert.Equal(0, await ReadToEndAsync(third));
        await first.WriteAsync(Framed(Query("pkg.test", A)), Stop);
        await ReceiveAsync(first);
        await second.DisposeAsync();
        // Its place is free once the server has seen it go.
        for (var left = 50; ; left--)
        {
            await using var again = await server.TcpClientAsync();
            await again.WriteAsync(Framed(Query("pkg.test", A)), Stop);
            if (await ReadToEndAsync(again, upTo: 2) > 0) break;
            Assert.True(left > 0);
            await Task.Delay(20, Stop);
        }
    }

    [Fact]
    public async Task When_all_places_are_taken_datagrams_are_dropped_and_connections_wait()
    {
        var slow = new TaskCompletionSource();
        var sessions = new FakeSessions { Before = name => name == "slow.test" ? slow.Task : Task.CompletedTask };
        await using var server = new RunningServer(sessions, options: new DnsServerOptions { MostQueries = 4 });
        using var client = server.UdpClient();
        for (ushort i = 0; i < 4; i++) await client.SendAsync(Query("slow.test", A, id: i), Stop);
        while (sessions.Asked.Count < 4) await Task.Delay(5, Stop);
        await using var connection = await server.TcpClientAsync();
        await connection.WriteAsync(Framed(Query("late.test", A)), Stop);
        await client.SendAsync(Query("dropped.test", A, id: 99), Stop);
        await Task.Delay(200, Stop);
        Assert.Equal(4, sessions.Asked.Count);
        slow.SetResult();
        Assert.Equal("late.test", (await ReceiveAsync(connection)).Question);
        for (var i = 0; i < 4; i++) Assert.NotEqual(99, (await ReceiveAsync(client)).Id);
        Assert.DoesNotContain("dropped.test/1", sessions.Asked);
        // And it goes on.
        await client.SendAsync(Query("again.test", A, id: 7), Stop);
        Assert.Equal(7, (await ReceiveAsync(client)).Id);
    }

    [Fact]
    public async Task Garbage_does_not_stop_the_server()
    {
        await using var server = new RunningServer(new FakeSessions());
        using var client = server.UdpClient();
        var random = new Random(7);
        for (var i = 0; i < 2000; i++)
        {
            var garbage = new byte[random.Next(0, 1500)];
            random.NextBytes(garbage);
            await client.SendAsync(garbage, Stop);
        }
        await using var connection = await server.TcpClientAsync();
        await connection.WriteAsync(new byte[] { 0, 3, 1, 2, 3 }, Stop);
        Assert.Equal(0, await ReadToEndAsync(connection));
        using var sane = server.UdpClient();
        await sane.SendAsync(Query("pkg.test", A), Stop);
        Assert.Equal(["127.0.0.1"], (await ReceiveAsync(sane)).Addresses);
    }

    [Fact]
    public async Task Stopping_ends_what_is_running_and_frees_the_ports()
    {
        var server = new RunningServer(new FakeSessions { Before = _ => Task.Delay(Timeout.Infinite, Stop) });
        using var client = server.UdpClient();
        await client.SendAsync(Query("pkg.test", A), Stop);
        await using var connection = await server.TcpClientAsync();
        await connection.WriteAsync(Framed(Query("pkg.test", A)), Stop);
        await Task.Delay(50, Stop);
        var clock = Stopwatch.StartNew();
        await server.DisposeAsync();
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2));
        Assert.Equal(0, await ReadToEndAsync(connection));
        using var again = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        again.Bind(server.Endpoint);
    }

    [Theory]
    [Trait("Row", "N1")]
    [InlineData("pkg.test A", "status: NOERROR", "pkg.test.\t\t5\tIN\tA\t127.0.0.1")]
    [InlineData("PKG.test A +tcp", "status: NOERROR", "PKG.test.\t\t5\tIN\tA\t127.0.0.1")]
    [InlineData("pkg.test AAAA", "status: NOERROR", "ANSWER: 0, AUTHORITY: 1")]
    [InlineData("pkg.test HTTPS", "status: NOERROR", "ANSWER: 0, AUTHORITY: 1")]
    [InlineData("pkg.test ANY", "status: NOERROR", "\"RFC8482\" \"\"")]
    [InlineData("gone.test A", "status: NXDOMAIN", "dns.kache.internal. hostmaster.kache.internal.")]
    [InlineData("pkg.test A +edns=1 +noednsnegotiation", "status: BADVERS", "version: 0")]
    [InlineData("pkg.test A +noedns", "status: NOERROR", "ADDITIONAL: 0")]
    [InlineData("pkg.test A +opcode=notify +noedns", "status: NOTIMP", "opcode: NOTIFY")]
    [InlineData("pkg.test CH TXT", "status: REFUSED", "ANSWER: 0")]
    [InlineData("big.test TXT +ignore", "flags: qr tc rd ra;", "ANSWER: 0")]
    [InlineData("big.test TXT", "flags: qr rd ra;", "ANSWER: 20")]
    [InlineData("pkg.test A +dnssec +cookie +subnet=10.0.0.0/8", "status: NOERROR", "flags: do; udp: 1232")]
    public async Task Dig_understands_what_it_is_told(string asked, string first, string second)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/dig"), "dig is not installed (apt-get install dnsutils).");
        var big = FakeResolver.Answer(Query("big.test", Txt), new Said(Records: [.. Enumerable.Range(0, 20).Select(_ => Rr.Text(new string('x', 100)))]));
        await using var server = new RunningServer(new FakeSessions((name, _) => name switch
        {
            "gone.test" => new NameAnswer.NoSuchName(),
            "big.test" => new NameAnswer.Kept(big),
            _ => new NameAnswer.Proxy(),
        }));
        var words = $"-p {server.Endpoint.Port} @127.0.0.1 +tries=1 +time=5 {asked}";
        using var dig = Process.Start(new ProcessStartInfo("/usr/bin/dig", words) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var said = await dig.StandardOutput.ReadToEndAsync(Stop);
        Assert.Contains(first, said, StringComparison.Ordinal);
        Assert.Contains(second, said, StringComparison.Ordinal);
        Assert.DoesNotContain("WARNING", said, StringComparison.Ordinal);
        Assert.DoesNotContain("malformed", said, StringComparison.OrdinalIgnoreCase);
    }

    private static byte[] Framed(byte[] query) => [(byte)(query.Length >> 8), (byte)query.Length, .. query];

    private static async Task<Heard> ReceiveAsync(Socket client)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(5000);
        var buffer = new byte[4096];
        return Read(buffer[..await client.ReceiveAsync(buffer, limit.Token)]);
    }

    private static async Task<Heard> ReceiveAsync(NetworkStream client)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(5000);
        var size = new byte[2];
        await client.ReadExactlyAsync(size, limit.Token);
        var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(size)];
        await client.ReadExactlyAsync(answer, limit.Token);
        return Read(answer);
    }

    /// <summary>A reset is an end too: the server had not read what was sent.</summary>
    private static async Task<int> ReadToEndAsync(NetworkStream client, int upTo = int.MaxValue)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(5000);
        var total = 0;
        var buffer = new byte[512];
        try
        {
            while (total < upTo && await client.ReadAsync(buffer, limit.Token) is > 0 and var read) total += read;
        }
        catch (IOException)
        {
            return total;
        }
        return total;
    }

    /// <summary>Makes sockets in a network namespace of their own, which lasts as long as they do.</summary>
    private static Task<T> InNamespaceAsync<T>(string[] commands, Func<T> make)
    {
        var made = new TaskCompletionSource<T>();
        // A namespace is a thread's; this one ends with its thread.
        var thread = new Thread(() =>
        {
            try
            {
                Assert.Equal(0, NewNetwork.Unshare());
                foreach (var command in commands.Prepend("link set lo up"))
                {
                    using var ip = Process.Start("ip", command);
                    ip.WaitForExit();
                    Assert.Equal(0, ip.ExitCode);
                }
                made.SetResult(make());
            }
            catch (Exception e)
            {
                made.SetException(e);
            }
        });
        thread.Start();
        return made.Task;
    }

    private sealed class RunningServer : IAsyncDisposable
    {
        private readonly DnsServer _server;
        private readonly IPAddress _listen;

        public RunningServer(FakeSessions sessions, string listen = "127.0.0.1", DnsServerOptions? options = null)
        {
            _listen = IPAddress.Parse(listen);
            var (udp, tcp) = DnsPorts.Bind(_listen);
            Endpoint = (IPEndPoint)udp.LocalEndPoint!;
            _server = new DnsServer([udp, tcp], sessions, options ?? new DnsServerOptions(), TimeProvider.System, NullLogger<DnsServer>.Instance);
            _server.Start();
        }

        public IPEndPoint Endpoint { get; }

        public Socket UdpClient(string? address = null, string? from = null)
        {
            var socket = new Socket(_listen.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            if (from is not null) socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
            socket.Connect(new IPEndPoint(address is null ? _listen : IPAddress.Parse(address), Endpoint.Port));
            return socket;
        }

        public async Task<NetworkStream> TcpClientAsync()
        {
            var socket = new Socket(_listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(Endpoint, Stop);
            return new NetworkStream(socket, ownsSocket: true);
        }

        public ValueTask DisposeAsync() => _server.DisposeAsync();
    }
}

internal static partial class NewNetwork
{
    private const int NewNet = 0x40000000;

    public static int Unshare() => unshare(NewNet);

    [System.Runtime.InteropServices.LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);
}
