using System.Net;
using System.Net.Sockets;
using Kache.Api;
using Kache.Certificates;
using Kache.Dns;
using Kache.Exchanges;
using Kache.Interception;
using Kache.Playback;
using Kache.Recording;
using Kache.Sandbox;
using Kache.Sessions;
using Kache.Store;

namespace Kache.Server;

/// <summary>
/// The server that <c>run</c> has within itself: the same parts as <see cref="KacheServer"/>, beside whatever else works on the
/// data folder, for one session, on sockets that are given to it.
/// </summary>
internal sealed class EmbeddedServer : IAsyncDisposable
{
    // The session has ended by then; this is for the last bytes of connections.
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(2);

    private readonly DataStore _store;
    private readonly CertificateAuthority _authority;
    private readonly SessionDirectory _sessions;
    private readonly LeafCertificates _leaves;
    private readonly ILoggerFactory _loggers;
    private readonly Troubles _troubles;
    private readonly TimeProvider _clock;
    private ProxyServer? _proxy;
    private DnsServer? _dns;

    private EmbeddedServer(ServeOptions options, DataStore store, CertificateAuthority authority, TimeProvider clock)
    {
        (_store, _authority, _clock) = (store, authority, clock);
        _troubles = new Troubles();
        _loggers = LoggerFactory.Create(Logging);
        _leaves = new LeafCertificates(authority, clock);
        _sessions = new SessionDirectory(store, Engines(), clock, _loggers.CreateLogger<SessionDirectory>(), standalone: true);
        Facts = new ServerFacts { Version = ProgramVersion.Text, Description = $"store {options.Data} (this process)", PlaybackOnly = options.PlaybackOnly, Rules = options.Rules, ProbeHost = ProbeName.Host };

        IEnumerable<ISessionEngineFactory> Engines()
        {
            yield return new PlayerFactory(store, clock, _loggers, _leaves.Prepare);
            if (options.PlaybackOnly) yield break;
            var way = WayOutOfServer.Create(options, authority, clock);
            yield return new RecorderFactory(store, way.Http, way.Dialer, way.Names, way.Options, clock, _loggers);
        }
    }

    public ServerFacts Facts { get; }

    public CaInfo Ca => KacheApi.Describe(_authority);

    /// <summary>What went wrong in here, for the end: while the command runs, the terminal is its own.</summary>
    public IReadOnlyList<string> TroubleTold => _troubles.Told;

    /// <summary>Opens the folder beside others that work on it.</summary>
    /// <param name="options">Those that are not of ports; with <see cref="ServeOptions.PlaybackOnly"/> nothing in here can dial.</param>
    public static async Task<EmbeddedServer> OpenAsync(ServeOptions options, TimeProvider clock, CancellationToken cancellation)
    {
        // It has no port on this machine: whatever is dialled, it is somebody else.
        options = options with { DnsPort = 0, HttpPort = 0, HttpsPort = 0, ProxyPort = 0, ApiPort = 0, ExtraPorts = [] };
        var store = await DataStore.OpenAsync(options.Data, StoreAccess.Companion, clock, cancellation);
        try
        {
            return new EmbeddedServer(options, store, KacheServer.OpenAuthority(options, clock), clock);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>Its handlers, for this process.</summary>
    public IKacheApi Api(ServerFacts facts) => new KacheApi(new ApiParts(_store, _sessions, () => _authority, facts, new RecordingQuestions(facts.Rules.Matching, _clock), _clock), Caller.Local);

    public Task<IReadOnlyList<(string Session, Digest Digest)>> SealAbandonedAsync(CancellationToken cancellation) => _sessions.SealAbandonedAsync(cancellation);

    /// <summary>Serves a sandbox on the sockets that were made in its gateway.</summary>
    public async Task ServeSandboxAsync(IReadOnlyList<(GatewaySocket What, int Descriptor)> sockets, NamePool pool, CancellationToken cancellation)
    {
        var listeners = sockets.Where(s => s.What.Kind == GatewaySocketKind.Connections).ToDictionary(s => EndPointOf(s.What), s => s.Descriptor);
        await StartProxyAsync(new ProxyServerOptions
        {
            Transparent = [.. listeners.Keys],
            Bind = (endpoint, _) => SocketOf(listeners[endpoint]),
            IsOwnAddress = endpoint => SandboxNetwork.IsGateway(endpoint.Address),
            Destination = endpoint => DestinationOf(endpoint, pool),
            ProbeHost = ProbeName.Host,
        }, cancellation);
        var dns = sockets.Where(s => s.What.Kind is GatewaySocketKind.DnsOverUdp or GatewaySocketKind.DnsOverTcp).Select(s => SocketOf(s.Descriptor)).ToList();
        _dns = new DnsServer(dns, new PooledNames(new SessionNames(_sessions), pool), new DnsServerOptions { Advertise = [SandboxNetwork.Gateway] }, _clock, _loggers.CreateLogger<DnsServer>());
        _dns.Start();
    }

    /// <summary>Serves as an explicit proxy on a port of this machine's loopback.</summary>
    /// <returns>The port.</returns>
    public async Task<int> ServeExplicitAsync(CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var endpoint = (IPEndPoint)socket.LocalEndPoint!;
        await StartProxyAsync(new ProxyServerOptions
        {
            Explicit = [endpoint],
            Bind = (_, _) => socket,
            IsOwnAddress = endpoint.Equals,
            ProbeHost = ProbeName.Host,
        }, cancellation);
        return endpoint.Port;
    }

    /// <summary>Nobody is served any more; a session that has not been closed is as if its process had been killed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_dns is not null) await _dns.DisposeAsync();
        var isOpen = _sessions.Running.Count > 0;
        await _sessions.DisposeAsync();
        if (isOpen) await _sessions.SealAbandonedAsync(CancellationToken.None);
        if (_proxy is not null)
        {
            using var limit = new CancellationTokenSource(LongestStop, _clock);
            await _proxy.StopAsync(limit.Token);
            await _proxy.DisposeAsync();
        }
        _authority.Dispose();
        await _store.DisposeAsync();
        _loggers.Dispose();
    }

    private async Task StartProxyAsync(ProxyServerOptions options, CancellationToken cancellation)
    {
        _proxy = new ProxyServer(_sessions, _leaves, options, _clock, Logging);
        await _proxy.StartAsync(cancellation);
    }

    /// <summary>A name that has this address, or the address itself; the gateway's own says nothing.</summary>
    private static Authority? DestinationOf(IPEndPoint endpoint, NamePool pool)
    {
        if (SandboxNetwork.IsGateway(endpoint.Address)) return null;
        return new Authority(Authority.NormalizeHost(pool.TryName(endpoint.Address, out var name) ? name : endpoint.Address.ToString()), endpoint.Port);
    }

    private static IPEndPoint EndPointOf(GatewaySocket socket) => new(socket.IsSix ? IPAddress.IPv6Any : IPAddress.Any, socket.Port);

    private static Socket SocketOf(int descriptor) => new(new SafeSocketHandle(descriptor, ownsHandle: true));

    private void Logging(ILoggingBuilder logging)
    {
        logging.SetMinimumLevel(LogLevel.Error);
        logging.AddProvider(_troubles);
    }

    /// <summary>Keeps the first errors of the server's parts.</summary>
    private sealed class Troubles : ILoggerProvider, ILogger
    {
        // More of the same tells no more.
        private const int Most = 20;

        private readonly List<string> _told = [];

        public IReadOnlyList<string> Told
        {
            get
            {
                lock (_told) return [.. _told];
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            lock (_told)
            {
                if (_told.Count < Most) _told.Add(exception is null ? formatter(state, null) : $"{formatter(state, exception)}: {exception.Message}");
            }
        }

        public void Dispose()
        {
        }
    }
}
