using System.Net;
using System.Net.Sockets;
using System.Text;
using Kache.Certificates;
using Kache.Exchanges;
using Kache.Sessions;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Kache.Interception;

/// <summary>Where connections are taken.</summary>
internal sealed record ProxyServerOptions
{
    /// <summary>TLS and plain HTTP of clients that think they speak to the origin.</summary>
    public IReadOnlyList<IPEndPoint> Transparent { get; init; } = [];

    /// <summary>Clients that know they use a proxy.</summary>
    public IReadOnlyList<IPEndPoint> Explicit { get; init; } = [];

    /// <summary>Where bound sockets come from.</summary>
    public required Func<IPEndPoint, ProtocolType, Socket> Bind { get; init; }

    /// <summary>Whether an address and port are this server's own.</summary>
    public required Func<IPEndPoint, bool> IsOwnAddress { get; init; }

    /// <summary>
    /// Where a transparent connection was going, by the address and port that it came to; null where that says nothing, as when
    /// all names lead to one address.
    /// </summary>
    public Func<IPEndPoint, Authority?> Destination { get; init; } = static _ => null;

    /// <summary>The name that is answered by Kache itself.</summary>
    public required string ProbeHost { get; init; }
}

/// <summary>
/// One Kestrel for all ports. A connection goes: <see cref="ConnectionOpener"/> looks at its first bytes → TLS is opened by
/// <see cref="TlsOpener"/> or passed over → HTTP/1.1 or HTTP/2 → <see cref="RequestRouter"/> → the session's engine.
/// </summary>
internal sealed class ProxyServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    public ProxyServer(SessionDirectory sessions, LeafCertificates leaves, ProxyServerOptions options, TimeProvider clock, Action<ILoggingBuilder> logging)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "kache" });
        logging(builder.Logging);
        builder.Services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = endpoint => options.Bind((IPEndPoint)endpoint, ProtocolType.Tcp));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Bytes go through as they are (BEHAVIOUR H2).
            kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
            kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
            // RFC 9112 §3.2.2: with an absolute target, Host says nothing.
            kestrel.AllowHostHeaderOverride = true;
            ProxyLimits.Set(kestrel.Limits);
            var log = kestrel.ApplicationServices.GetRequiredService<ILogger<ConnectionOpener>>();
            foreach (var endpoint in options.Transparent) kestrel.Listen(endpoint, listen => Open(listen, isExplicit: false));
            foreach (var endpoint in options.Explicit) kestrel.Listen(endpoint, listen => Open(listen, isExplicit: true));

            void Open(ListenOptions listen, bool isExplicit)
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                ConnectionDelegate? plain = null;
                // The chain is put together from its end: what comes after TLS is known before the opener is made.
                listen.Use(secure => new ConnectionOpener(sessions, isExplicit, options.Destination, secure, plain!, clock, log).OpenAsync);
                listen.UseHttps(new TlsOpener(leaves).Options);
                listen.Use(next => plain = next);
            }
        });
        _app = builder.Build();
        var router = new RequestRouter(sessions, options.IsOwnAddress, options.ProbeHost, _app.Services.GetRequiredService<ILogger<RequestRouter>>());
        _app.Run(router.HandleAsync);
    }

    public Task StartAsync(CancellationToken cancellation) => _app.StartAsync(cancellation);

    public Task StopAsync(CancellationToken cancellation) => _app.StopAsync(cancellation);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
