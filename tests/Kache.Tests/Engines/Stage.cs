using System.Net;
using System.Net.Sockets;
using System.Text;
using Kache.Exchanges;
using Kache.Interception;
using Kache.Sessions;
using Kache.Tests.Raw;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace Kache.Tests.Engines;

/// <summary>One engine at work behind a Kestrel on loopback: one port for HTTP/1.1, one for HTTP/2 without TLS.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SessionLog _log;
    private readonly string _logFile;
    private readonly List<HttpClient> _clients = [];
    private bool _logClosed;
    private bool _disposed;

    private Stage(WebApplication app, ISessionEngine engine, SessionLog log, string logFile) =>
        (_app, Engine, _log, _logFile) = (app, engine, log, logFile);

    public ISessionEngine Engine { get; }

    public SessionReport Report => Engine.Report();

    private int Http1Port => new Uri(_app.Urls.First()).Port;

    private int Http2Port => new Uri(_app.Urls.Last()).Port;

    public static async Task<Stage> StartAsync(ISessionEngine engine, SessionLog log, string logFile, Authority origin, string scheme)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            // As ProxyServer sets them.
            kestrel.AddServerHeader = false;
            kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
            ProxyLimits.Set(kestrel.Limits);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        var app = builder.Build();
        app.Run(context => engine.HandleAsync(context, new RequestRoute(scheme, origin, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget)));
        await app.StartAsync();
        return new Stage(app, engine, log, logFile);
    }

    /// <summary>A client that says what the test says, byte for byte, over HTTP/1.1.</summary>
    public async Task<RawConnection> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, Http1Port);
        return new RawConnection(socket, new NetworkStream(socket, ownsSocket: true));
    }

    /// <summary>One request on a connection of its own; what came back until its end.</summary>
    public async Task<string> AskAsync(string request)
    {
        await using var client = await ConnectAsync();
        await client.WriteAsync(request);
        return await client.ReadMessageAsync();
    }

    /// <summary>A GET with the fields given, each a line.</summary>
    public Task<string> GetAsync(string target, params string[] fields) =>
        AskAsync($"GET {target} HTTP/1.1\r\nHost: origin.test\r\n{string.Concat(fields.Select(field => field + "\r\n"))}\r\n");

    public HttpClient Http2()
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{Http2Port}"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        client.DefaultRequestHeaders.Host = "origin.test";
        _clients.Add(client);
        return client;
    }

    /// <summary>The report at the end of the session: a client may see the end of its answer before it is counted.</summary>
    public async Task<SessionReport> EndAsync()
    {
        await Engine.DrainAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        return Report;
    }

    /// <summary>The log at the end of the session.</summary>
    public async Task<List<AnsweredRequest>> LogAsync()
    {
        await EndAsync();
        if (!_logClosed) await _log.DisposeAsync();
        _logClosed = true;
        var lines = new List<AnsweredRequest>();
        await foreach (var line in SessionLog.ReadAsync(_logFile, TestContext.Current.CancellationToken)) lines.Add(line);
        return lines;
    }

    /// <summary>A test may end it before its studio does.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        foreach (var client in _clients) client.Dispose();
        await Engine.DrainAsync(TimeSpan.Zero, CancellationToken.None);
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Engine.DisposeAsync();
        if (!_logClosed) await _log.DisposeAsync();
    }
}
