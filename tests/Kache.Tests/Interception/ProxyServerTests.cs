using System.Globalization;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kache.Certificates;
using Kache.Interception;
using Kache.Sessions;
using Kache.Store;
using Kache.Tests.Sessions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using SessionOptions = Kache.Sessions.SessionOptions;

namespace Kache.Tests.Interception;

public sealed class ProxyServerTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"kache-proxy-{Guid.NewGuid():n}");
    private readonly EchoFactory _engines = new(SessionMode.Record);
    private readonly List<Socket> _listening = [];
    private string? _destination;
    private DataStore _store = null!;
    private CertificateAuthority _ca = null!;
    private SessionDirectory _sessions = null!;
    private ProxyServer _proxy = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private int Transparent => ((IPEndPoint)_listening[0].LocalEndPoint!).Port;

    private int Explicit => ((IPEndPoint)_listening[1].LocalEndPoint!).Port;

    public async ValueTask InitializeAsync()
    {
        _store = await DataStore.OpenAsync(_folder, StoreAccess.Server, TimeProvider.System, Stop);
        _ca = CertificateAuthority.OpenOrCreate(Path.Combine(_folder, "ca"), TimeProvider.System);
        _sessions = new SessionDirectory(_store, [_engines], TimeProvider.System, NullLogger<SessionDirectory>.Instance);
        var options = new ProxyServerOptions
        {
            Transparent = [new IPEndPoint(IPAddress.Loopback, 0)],
            Explicit = [new IPEndPoint(IPAddress.Loopback, 0)],
            Bind = (endpoint, _) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(endpoint);
                _listening.Add(socket);
                return socket;
            },
            IsOwnAddress = endpoint => IPAddress.IsLoopback(endpoint.Address),
            Destination = endpoint => _destination is { } host ? new Kache.Exchanges.Authority(host, endpoint.Port) : null,
            ProbeHost = "probe.kache.internal",
        };
        _proxy = new ProxyServer(_sessions, new LeafCertificates(_ca, TimeProvider.System), options, TimeProvider.System, logging => logging.ClearProviders());
        await _proxy.StartAsync(Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _sessions.DisposeAsync();
        await _proxy.DisposeAsync();
        await _store.DisposeAsync();
        _ca.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory, Trait("Row", "H18")]
    [InlineData("h2", "HTTP/2")]
    [InlineData("http/1.1", "HTTP/1.1")]
    public async Task Tls_is_opened_with_a_leaf_for_exactly_the_name_asked(string protocol, string spoken)
    {
        var session = await OpenAsync("127.0.0.1");
        using var http = new HttpClient(Handler("files.origin.test", out var seen, protocol));
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://files.origin.test/a%2Fb?q=%20") { Version = new Version(protocol == "h2" ? 2 : 1, protocol == "h2" ? 0 : 1), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await http.SendAsync(request, Stop);
        Assert.Equal($"{session.Id} {spoken} GET https files.origin.test:{Transparent} /a%2Fb?q=%20 files.origin.test 0", await response.Content.ReadAsStringAsync(Stop));
        Assert.Equal(["files.origin.test"], seen().Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames());
    }

    [Fact, Trait("Row", "N10")]
    public async Task Without_sni_the_leaf_is_for_where_the_connection_was_going_where_its_address_says_so()
    {
        _destination = "went.test";
        var session = await OpenAsync("127.0.0.1");
        using var http = new HttpClient(Handler("127.0.0.1", out var seen, "http/1.1"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://127.0.0.1/x");
        request.Headers.Host = "host.test";
        using var response = await http.SendAsync(request, Stop);
        Assert.Equal($"{session.Id} HTTP/1.1 GET https went.test:{Transparent} /x host.test 0", await response.Content.ReadAsStringAsync(Stop));
        Assert.Equal(["went.test"], seen().Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames());
    }

    [Fact, Trait("Row", "N10")]
    public async Task Without_sni_the_leaf_is_for_the_address_and_host_says_where_to()
    {
        var session = await OpenAsync("127.0.0.1");
        using var http = new HttpClient(Handler("127.0.0.1", out var seen, "http/1.1"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://127.0.0.1/x");
        request.Headers.Host = "host.test";
        using var response = await http.SendAsync(request, Stop);
        Assert.Equal($"{session.Id} HTTP/1.1 GET https host.test:{Transparent} /x host.test 0", await response.Content.ReadAsStringAsync(Stop));
        Assert.Equal([IPAddress.Loopback], seen().Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateIPAddresses());
    }

    [Fact, Trait("Row", "H18")]
    public async Task A_host_that_is_broken_over_h2_is_spoken_to_in_http1()
    {
        await OpenAsync(new SessionOptions { Http1 = ["old.test"] }, "127.0.0.1");
        using var http = new HttpClient(Handler("old.test", out _, "h2", "http/1.1"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "https://old.test/") { Version = HttpVersion.Version20 };
        using var response = await http.SendAsync(request, Stop);
        Assert.Contains(" HTTP/1.1 ", await response.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    [Fact, Trait("Row", "H1")]
    public async Task A_plain_request_goes_to_its_host_with_its_target_byte_for_byte()
    {
        var session = await OpenAsync("127.0.0.1");
        Assert.EndsWith($"{session.Id} HTTP/1.1 GET http host.test:{Transparent} //a/../%2f~+%7E?x=%2F host.test:81 0",
            await AskAsync(Transparent, "GET //a/../%2f~+%7E?x=%2F HTTP/1.1\r\nHost: host.test:81\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_session_plain_http_is_told_so()
    {
        var answer = await AskAsync(Transparent, "GET / HTTP/1.1\r\nHost: host.test\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 403 ", answer, StringComparison.Ordinal);
        Assert.Contains("kache session open", answer, StringComparison.Ordinal);
        Assert.Contains("details=\"no_session\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_session_tls_is_closed_before_any_certificate()
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, Transparent, Stop);
        var asked = false;
        await using var tls = new SslStream(tcp.GetStream(), false, (_, _, _, _) => asked = true);
        await Assert.ThrowsAnyAsync<IOException>(() => tls.AuthenticateAsClientAsync("files.origin.test"));
        Assert.False(asked);
    }

    [Fact]
    public async Task A_tunnel_needs_the_sessions_secret()
    {
        var session = await OpenAsync();
        const string wish = "CONNECT files.origin.test:8443 HTTP/1.1\r\nHost: files.origin.test:8443\r\n";
        Assert.StartsWith("HTTP/1.1 407 ", await AskAsync(Explicit, wish + "\r\n"), StringComparison.Ordinal);
        var wrong = await AskAsync(Explicit, $"{wish}Proxy-Authorization: {Basic(session.Id, "wrong")}\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 407 ", wrong, StringComparison.Ordinal);
        Assert.Contains("Proxy-Authenticate: Basic", wrong, StringComparison.Ordinal);
        var right = await AskAsync(Explicit, $"{wish}Proxy-Authorization: {Basic(session.Id, session.Secret)}\r\n\r\nGET /x HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK", right, StringComparison.Ordinal);
        Assert.EndsWith($"{session.Id} HTTP/1.1 GET http files.origin.test:8443 /x other.test 0", right, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_in_a_tunnel_goes_to_the_tunnels_port()
    {
        var session = await OpenAsync();
        using var http = new HttpClient(new SocketsHttpHandler
        {
            Proxy = new WebProxy(new Uri($"http://127.0.0.1:{Explicit}")) { Credentials = new NetworkCredential(session.Id, session.Secret) },
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        });
        Assert.Equal($"{session.Id} HTTP/1.1 GET https files.origin.test:8443 /y files.origin.test:8443 0",
            await http.GetStringAsync(new Uri("https://files.origin.test:8443/y"), Stop));
    }

    [Fact]
    public async Task An_absolute_url_is_asked_for_with_the_sessions_secret()
    {
        var session = await OpenAsync();
        var answer = await AskAsync(Explicit, $"GET http://abs.test/a/../%2f HTTP/1.1\r\nHost: else.test\r\nProxy-Authorization: {Basic(session.Id, session.Secret)}\r\nConnection: close\r\n\r\n");
        Assert.EndsWith($"{session.Id} HTTP/1.1 GET http abs.test:80 /a/../%2f abs.test 0", answer, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 407 ", await AskAsync(Explicit, "GET http://abs.test/ HTTP/1.1\r\nHost: abs.test\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_never_passes_to_another_session()
    {
        var (one, two) = (await OpenAsync(), await OpenAsync());
        static string Ask(Opened s, string close) => $"GET http://abs.test/ HTTP/1.1\r\nHost: abs.test\r\nProxy-Authorization: {Basic(s.Id, s.Secret)}\r\n{close}\r\n";
        var answers = await AskAsync(Explicit, Ask(one, "") + Ask(two, "Connection: close\r\n"));
        Assert.Contains(one.Id + " ", answers, StringComparison.Ordinal);
        Assert.Contains("HTTP/1.1 403 ", answers, StringComparison.Ordinal);
        Assert.DoesNotContain(two.Id + " ", answers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bound_client_needs_no_secret_at_the_explicit_proxy()
    {
        var session = await OpenAsync("127.0.0.1");
        Assert.Contains(session.Id, await AskAsync(Explicit, "GET http://abs.test/ HTTP/1.1\r\nHost: abs.test\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory, Trait("Row", "T5")]
    [InlineData("pinned.test")]
    [InlineData("deep.below.internal.test")]
    public async Task A_bypassed_host_is_not_opened(string host)
    {
        var session = await OpenAsync(new SessionOptions { Bypass = ["pinned.test", ".internal.test"] }, "127.0.0.1");
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, Transparent, Stop);
        await using var tls = new SslStream(tcp.GetStream());
        await Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsClientAsync(host));
        Assert.Equal((new Kache.Exchanges.Authority(host, Transparent), TunnelReason.Bypassed), _engines.Engines[session.Id].Tunnels.Single());
    }

    [Theory, Trait("Row", "N6")]
    [InlineData("SSH-2.0-client\r\n")]
    [InlineData("")]
    public async Task What_is_neither_tls_nor_http_is_handed_on_with_the_tunnels_name(string first)
    {
        var session = await OpenAsync();
        var answer = await AskAsync(Explicit, $"CONNECT git.test:22 HTTP/1.1\r\nProxy-Authorization: {Basic(session.Id, session.Secret)}\r\n\r\n{first}");
        Assert.EndsWith("tunnelled", answer, StringComparison.Ordinal);
        Assert.Equal((new Kache.Exchanges.Authority("git.test", 22), TunnelReason.NotHttp), _engines.Engines[session.Id].Tunnels.Single());
    }

    [Fact, Trait("Row", "N12")]
    public async Task A_request_for_kache_itself_is_a_loop()
    {
        await OpenAsync("127.0.0.1");
        Assert.StartsWith("HTTP/1.1 508 ", await AskAsync(Transparent, $"GET / HTTP/1.1\r\nHost: 127.0.0.1:{Transparent}\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_probe_is_answered_with_the_sessions_id()
    {
        var session = await OpenAsync("127.0.0.1");
        using var http = new HttpClient(Handler("probe.kache.internal", out _, "http/1.1"));
        Assert.Equal($"kache {session.Id}\n", await http.GetStringAsync(new Uri("https://probe.kache.internal/"), Stop));
    }

    [Fact, Trait("Row", "H20")]
    public async Task Long_urls_large_fields_many_fields_and_large_bodies_pass()
    {
        await OpenAsync("127.0.0.1");
        var fields = string.Concat(Enumerable.Range(0, 500).Select(i => string.Create(CultureInfo.InvariantCulture, $"x-f{i}: v\r\n")));
        var answer = await AskAsync(Transparent, $"GET /{new string('u', 100_000)} HTTP/1.1\r\nHost: a.test\r\nx-long: {new string('v', 100_000)}\r\n{fields}Connection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        using var http = new HttpClient(Handler("files.origin.test", out _, "http/1.1"));
        using var body = new StreamContent(new MemoryStream(new byte[40_000_000]));
        using var response = await http.PostAsync(new Uri("https://files.origin.test/up"), body, Stop);
        Assert.EndsWith(" 40000000", await response.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    [Fact, Trait("Row", "H2")]
    public async Task Values_pass_as_bytes_and_control_characters_do_not()
    {
        await OpenAsync("127.0.0.1");
        Assert.Contains("x-got: \u00e9\u00ff", await AskAsync(Transparent, "GET / HTTP/1.1\r\nHost: a.test\r\nx-value: \u00e9\u00ff\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400 ", await AskAsync(Transparent, "GET / HTTP/1.1\r\nHost: a.test\r\nx-value: a\u0001b\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_order()
    {
        await OpenAsync("127.0.0.1");
        var answers = await AskAsync(Transparent, string.Concat(Enumerable.Range(0, 20).Select(i => $"GET /{i} HTTP/1.1\r\nHost: a.test\r\n{(i == 19 ? "Connection: close\r\n" : "")}\r\n")));
        var at = Enumerable.Range(0, 20).Select(i => answers.IndexOf($" /{i} a.test", StringComparison.Ordinal)).ToList();
        Assert.DoesNotContain(-1, at);
        Assert.Equal(at.Order(), at);
    }

    [Fact, Trait("Row", "H26")]
    public async Task Connections_end_with_their_session()
    {
        var session = await OpenAsync("127.0.0.1");
        using var idle = new TcpClient();
        await idle.ConnectAsync(IPAddress.Loopback, Transparent, Stop);
        await idle.GetStream().WriteAsync("GET /hang HTTP/1.1\r\nHost: a.test\r\n\r\n"u8.ToArray(), Stop);
        var begun = new byte[4096];
        Assert.True(await idle.GetStream().ReadAsync(begun, Stop) > 0);
        await _sessions.CloseAsync(session.Id, TimeSpan.Zero, moveTag: true, Stop);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await idle.GetStream().ReadAsync(begun, Stop) > 0)
            {
            }
            throw new IOException("The end came without the last chunk.");
        });
        Assert.StartsWith("HTTP/1.1 403 ", await AskAsync(Transparent, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_never_brings_the_server_down()
    {
        await OpenAsync("127.0.0.1");
        var random = new Random(1);
        for (var i = 0; i < 200; i++)
        {
            var bytes = new byte[random.Next(1, 400)];
            random.NextBytes(bytes);
            if (i % 3 == 0) "GET / HTTP/1.1\r\n"u8.ToArray().AsSpan(0, Math.Min(bytes.Length, 16)).CopyTo(bytes);
            if (i % 3 == 1) bytes[0] = 22;
            using var tcp = new TcpClient();
            await tcp.ConnectAsync(IPAddress.Loopback, i % 2 == 0 ? Transparent : Explicit, Stop);
            await tcp.GetStream().WriteAsync(bytes, Stop);
            tcp.Client.Shutdown(SocketShutdown.Send);
        }
        Assert.StartsWith("HTTP/1.1 200 ", await AskAsync(Transparent, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    private sealed record Opened(string Id, string Secret);

    private Task<Opened> OpenAsync(params string[] clients) => OpenAsync(new SessionOptions(), clients);

    private async Task<Opened> OpenAsync(SessionOptions options, params string[] clients)
    {
        Assert.True(Reference.TryParse("t" + _sessions.Running.Count, out var reference));
        var opening = await _sessions.OpenAsync(new SessionRequest(SessionMode.Record, reference, options, [.. clients.Select(IPAddress.Parse)], null), Stop);
        var opened = Assert.IsType<SessionOpening.Opened>(opening);
        return new Opened(opened.Session.Id, opened.Secret);
    }

    private static string Basic(string user, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    private SocketsHttpHandler Handler(string host, out Func<X509Certificate2> seen, params string[] protocols)
    {
        X509Certificate2? certificate = null;
        seen = () => certificate!;
        return new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, Transparent, stop);
                var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
                await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
                {
                    TargetHost = host,
                    ApplicationProtocols = [.. protocols.Select(p => new SslApplicationProtocol(p))],
                    CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { _ca.Certificate }, RevocationMode = X509RevocationMode.NoCheck },
                    RemoteCertificateValidationCallback = (_, shown, _, errors) =>
                    {
                        certificate = X509CertificateLoader.LoadCertificate(shown!.GetRawCertData());
                        // Without SNI a name cannot be told to the client's own verification.
                        return errors == SslPolicyErrors.None || (_destination is not null && errors == SslPolicyErrors.RemoteCertificateNameMismatch);
                    },
                }, stop);
                return tls;
            },
        };
    }

    /// <summary>Sends bytes as they are and reads to the end.</summary>
    private static async Task<string> AskAsync(int port, string text)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port, Stop);
        var stream = tcp.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text), Stop);
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer, Stop);
        return Encoding.Latin1.GetString(answer.ToArray());
    }
}
