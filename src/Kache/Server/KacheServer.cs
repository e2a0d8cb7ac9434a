using System.Net;
using System.Net.Sockets;
using Kache.Api;
using Kache.Certificates;
using Kache.Dns;
using Kache.Interception;
using Kache.Playback;
using Kache.Recording;
using Kache.Sessions;
using Kache.Store;

namespace Kache.Server;

/// <summary>
/// The composition root: the one place that knows all parts. What runs is decided here; a server that only plays back is
/// composed without anything that dials.
/// </summary>
internal static class KacheServer
{
    // Sessions have broken off what was under way; this is for the last bytes of connections.
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(ServeOptions options, TextWriter talk, TimeProvider clock, CancellationToken cancellation)
    {
        using var ports = BindAhead(options);
        using var loggers = LoggerFactory.Create(logging => Logging(logging, options));
        await using var store = await DataStore.OpenAsync(options.Data, StoreAccess.Server, clock, cancellation);
        using var authority = OpenAuthority(options, clock);
        var leaves = new LeafCertificates(authority, clock);
        var tokens = new ApiTokens(store.Catalog, LocalToken.OpenOrCreate(DataFolder.LocalToken(options.Data)));
        var own = Endpoints.OwnAddress(options);
        await using var sessions = new SessionDirectory(store, Engines(), clock, loggers.CreateLogger<SessionDirectory>());
        await sessions.RestoreAsync(cancellation);
        foreach (var (session, digest) in await sessions.SealAbandonedAsync(cancellation))
            talk.WriteLine($"The run {session} had been killed; what it had recorded is {digest}.");

        await using var proxy = new ProxyServer(sessions, leaves, new ProxyServerOptions
        {
            Transparent = [.. options.TransparentPorts.SelectMany(port => Endpoints.On(options, port))],
            Explicit = Endpoints.On(options, options.ProxyPort),
            Bind = ports.Take,
            IsOwnAddress = own,
            ProbeHost = ProbeName.Host,
        }, clock, logging => Logging(logging, options));
        await proxy.StartAsync(cancellation);
        var names = new DnsServerOptions { Advertise = options.Advertise };
        await using var dns = new DnsServer(NameSockets(options, ports), new SessionNames(sessions), names, clock, loggers.CreateLogger<DnsServer>());
        dns.Start();

        var listening = Listening(options);
        var facts = new ServerFacts
        {
            Version = ProgramVersion.Text,
            Description = $"server of {options.Data}",
            PlaybackOnly = options.PlaybackOnly,
            Rules = options.Rules,
            Listening = listening,
            Advertised = options.Advertise,
            LocalAddress = Endpoints.Local(options),
            DnsPort = options.DnsPort,
            ProxyPort = options.ProxyPort,
            ProbeHost = ProbeName.Host,
        };
        var api = new ApiServerOptions
        {
            Endpoints = Endpoints.On(options, options.ApiPort),
            Socket = options.Socket,
            SocketUsers = [Libc.UserId],
            Bind = ports.Take,
        };
        await using var apiServer = new ApiServer(new ApiParts(store, sessions, () => authority, facts, new RecordingQuestions(options.Rules.Matching, clock), clock), tokens, leaves, api, logging => Logging(logging, options));
        await apiServer.StartAsync(cancellation);
        foreach (var line in listening) talk.WriteLine(line);
        talk.WriteLine("kache is ready.");
        await WaitAsync(options, sessions, clock, cancellation);
        talk.WriteLine("kache is ending; running sessions go on with the next start.");
        await apiServer.StopAsync(CancellationToken.None);
        await dns.StopAsync();
        // Connections end with their sessions; what lingers after that is cut.
        await sessions.DisposeAsync();
        using var limit = new CancellationTokenSource(LongestStop, clock);
        await proxy.StopAsync(limit.Token);

        IEnumerable<ISessionEngineFactory> Engines()
        {
            yield return new PlayerFactory(store, clock, loggers, leaves.Prepare);
            if (options.PlaybackOnly) yield break;
            var way = WayOutOfServer.Create(options, authority, clock);
            yield return new RecorderFactory(store, way.Http, way.Dialer, way.Names, way.Options, clock, loggers);
        }
    }

    /// <summary>Root, when it is there, is for the ports alone: what is opened after this is opened as the data folder's owner.</summary>
    private static BoundPorts BindAhead(ServeOptions options)
    {
        var ports = new BoundPorts();
        try
        {
            foreach (var endpoint in Endpoints.On(options, options.DnsPort))
            {
                ports.Bind(endpoint, ProtocolType.Udp);
                ports.Bind(endpoint, ProtocolType.Tcp);
            }
            foreach (var port in options.TransparentPorts.Append(options.ProxyPort).Append(options.ApiPort))
            {
                foreach (var endpoint in Endpoints.On(options, port)) ports.Bind(endpoint, ProtocolType.Tcp);
            }
            if (options.BroughtUp is { } broughtUp)
            {
                if (broughtUp.User is { } user) Libc.Become(user);
                Libc.Detach(broughtUp.LogFile);
            }
            return ports;
        }
        catch
        {
            ports.Dispose();
            throw;
        }
    }

    private static IReadOnlyList<Socket> NameSockets(ServeOptions options, BoundPorts ports) =>
        [.. Endpoints.On(options, options.DnsPort).SelectMany(endpoint => new[] { ports.Take(endpoint, ProtocolType.Udp), ports.Take(endpoint, ProtocolType.Tcp) })];

    internal static CertificateAuthority OpenAuthority(ServeOptions options, TimeProvider clock) =>
        options is { CaCert: { } certificate, CaKey: { } key }
            ? CertificateAuthority.Load(certificate, key, clock)
            : CertificateAuthority.OpenOrCreate(DataFolder.Ca(options.Data), clock);

    private static List<string> Listening(ServeOptions options)
    {
        var lines = new List<string>();
        void Add(string what, int port)
        {
            foreach (var endpoint in Endpoints.On(options, port)) lines.Add($"{what} on {endpoint}");
        }

        Add("DNS (UDP and TCP)", options.DnsPort);
        foreach (var port in options.TransparentPorts) Add("proxy (HTTP and HTTPS)", port);
        Add("explicit proxy", options.ProxyPort);
        Add("API (TLS)", options.ApiPort);
        lines.Add($"API on {options.Socket}");
        return lines;
    }

    private static void Logging(ILoggingBuilder logging, ServeOptions options)
    {
        logging.SetMinimumLevel(options.LogLevel);
        // The framework's own talk of requests and connections is ours to tell, better.
        logging.AddFilter("Microsoft", options.LogLevel < LogLevel.Information ? options.LogLevel : LogLevel.Warning);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-dd HH:mm:ss.fff'Z' ";
            console.UseUtcTimestamp = true;
        });
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    /// <summary>Until somebody asks for the end; for a server that <c>start</c> brought up, until its last session has ended.</summary>
    private static async Task WaitAsync(ServeOptions options, SessionDirectory sessions, TimeProvider clock, CancellationToken cancellation)
    {
        try
        {
            if (options.BroughtUp is null) await Task.Delay(Timeout.InfiniteTimeSpan, clock, cancellation);
            else await LastSession.WaitAsync(() => sessions.Running.Count, () => sessions.HasServed, clock, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Asked to end.
        }
    }
}
