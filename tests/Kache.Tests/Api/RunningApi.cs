using System.Net;
using System.Net.Sockets;
using Kache.Api;
using Kache.Certificates;
using Kache.Exchanges;
using Kache.Sessions;
using Kache.Store;
using Kache.Tests.Sessions;
using Kache.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kache.Tests.Api;

/// <summary>The API over a real store, on a loopback port with TLS and on a Unix socket; its sessions echo.</summary>
internal sealed class RunningApi : IAsyncDisposable
{
    public const string LocalToken = "kache_local";

    private readonly TemporaryStore _store;
    private readonly CertificateAuthority _authority;
    private readonly SessionDirectory _sessions;
    private readonly ApiServer _server;

    private RunningApi(TemporaryStore store, CertificateAuthority authority, SessionDirectory sessions, ApiServer server, ApiParts parts) =>
        (_store, _authority, _sessions, _server, Parts) = (store, authority, sessions, server, parts);

    public ApiParts Parts { get; }

    public DataStore Store => _store.Store;

    public Catalog Catalog => Store.Catalog;

    public Uri Url => new(_server.Addresses[0].ToString().Replace("[::]", "127.0.0.1", StringComparison.Ordinal));

    public string Socket => SocketOf(_store);

    public CertificateAuthority Authority => _authority;

    public static async Task<RunningApi> StartAsync(params SessionMode[] modes)
    {
        var store = await TemporaryStore.OpenAsync();
        var authority = CertificateAuthority.OpenOrCreate(Path.Combine(store.Root, "ca"), TimeProvider.System);
        var sessions = new SessionDirectory(store.Store, modes.Select(mode => new EchoFactory(mode)), TimeProvider.System, NullLogger<SessionDirectory>.Instance);
        var facts = new ServerFacts { Version = "1.2.3", Description = "test", Listening = ["API"], DnsPort = 53, ProxyPort = 3128, ProbeHost = "probe.test" };
        var parts = new ApiParts(store.Store, sessions, () => authority, facts, new Kache.Server.RecordingQuestions([], TimeProvider.System), TimeProvider.System);
        var options = new ApiServerOptions
        {
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            Socket = SocketOf(store),
            SocketUsers = [],
            Bind = (endpoint, _) =>
            {
                var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(endpoint);
                return socket;
            },
        };
        var server = new ApiServer(parts, new ApiTokens(store.Store.Catalog, LocalToken), new LeafCertificates(authority, TimeProvider.System), options, _ => { });
        await server.StartAsync(CancellationToken.None);
        return new RunningApi(store, authority, sessions, server, parts);
    }

    /// <summary>The handlers for somebody with these rights, as a request from 192.0.2.10 would get them.</summary>
    public KacheApi As(string token, params string[] allow) =>
        new(Parts, new Caller(token, AllowList.Of(allow), IPAddress.Parse("192.0.2.10"), IPAddress.Parse("192.0.2.1")));

    public KacheApi AsLocal() => new(Parts, Caller.Local);

    /// <summary>Over TLS, with the CA pinned.</summary>
    public IKacheApi Over(string token) => ApiConnection.OverTls(Url, token, _authority.Certificate);

    public async Task<Digest> RecordingAsync(string tag, int seed)
    {
        var digest = await _store.RecordAsync($"r{seed}", Sample.Exchange(0, target: $"/{seed}"));
        Assert.True(TagName.TryParse(tag, out var name));
        await Catalog.MoveTagAsync(name, digest, default);
        return digest;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(CancellationToken.None);
        await _server.DisposeAsync();
        await _sessions.DisposeAsync();
        _authority.Dispose();
        await _store.DisposeAsync();
    }

    private static string SocketOf(TemporaryStore store) => Path.Combine(store.Root, "kache.sock");
}
