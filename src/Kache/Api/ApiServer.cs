using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Kache.Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Kache.Api;

/// <summary>Where the API is served, and how a caller gets its handlers.</summary>
internal sealed record ApiServerOptions
{
    /// <summary>TLS endpoints; none turns the TCP side off.</summary>
    public IReadOnlyList<IPEndPoint> Endpoints { get; init; } = [];

    /// <summary>Path of the Unix socket; null for none.</summary>
    public string? Socket { get; init; }

    /// <summary>Users who may use the Unix socket; root always may.</summary>
    public IReadOnlyList<uint> SocketUsers { get; init; } = [];

    /// <summary>Where bound sockets come from.</summary>
    public required Func<IPEndPoint, ProtocolType, Socket> Bind { get; init; }
}

/// <summary>The API's own Kestrel: TLS with a leaf of our CA for whatever name the client asks, and a Unix socket.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    /// <summary>The CA's certificate, for a first login to compare its fingerprint with: public by nature, and all that is.</summary>
    public const string CaPath = "/ca.crt";

    // The largest request is a session with a thousand patterns.
    private const long LargestRequest = 1024 * 1024;

    // CLIs come and go; more at once is somebody trying something.
    private const long MostConnections = 1000;

    private readonly WebApplication _app;
    private readonly ApiServerOptions _options;

    public ApiServer(ApiParts parts, ApiTokens tokens, LeafCertificates leaves, ApiServerOptions options, Action<ILoggingBuilder> logging)
    {
        _options = options;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "kache" });
        logging(builder.Logging);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = endpoint =>
            endpoint is IPEndPoint tcp ? options.Bind(tcp, ProtocolType.Tcp) : SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestRequest;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            foreach (var endpoint in options.Endpoints)
                kestrel.Listen(endpoint, listen => listen.UseHttps(Tls(leaves, endpoint)));
            if (options.Socket is not null)
            {
                // The folder's lock is ours, so a socket that is there belongs to nobody.
                File.Delete(options.Socket);
                kestrel.ListenUnixSocket(options.Socket, listen => listen.Protocols = HttpProtocols.Http1);
            }
        });
        _app = builder.Build();
        var gate = new ApiGate(tokens, new HashSet<uint>(options.SocketUsers) { 0 }, _app.Services.GetRequiredService<ILogger<ApiGate>>());
        _app.Use(async (context, next) =>
        {
            if (context.Request is { Method: "GET", Path.Value: CaPath }) await WriteCaAsync(context, parts.Authority());
            else await next(context);
        });
        _app.Use(next => context => gate.InvokeAsync(context, next));
        _app.UseRouting();
        ApiEndpoints.Map(_app, context => new KacheApi(parts, ApiGate.CallerOf(context)));
    }

    public async Task StartAsync(CancellationToken cancellation)
    {
        await _app.StartAsync(cancellation);
        if (_options.Socket is not null && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(_options.Socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>The TCP endpoints as bound, with ports that were chosen by the system.</summary>
    public IReadOnlyList<Uri> Addresses => [.. _app.Urls.Where(u => u.StartsWith("https://", StringComparison.Ordinal)).Select(u => new Uri(u))];

    public Task StopAsync(CancellationToken cancellation) => _app.StopAsync(cancellation);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static TlsHandshakeCallbackOptions Tls(LeafCertificates leaves, IPEndPoint endpoint) => new()
    {
        OnConnection = hello =>
        {
            // Clients that dial an address send no name: the leaf is for the address that they came to.
            var name = hello.ClientHelloInfo.ServerName;
            var local = (hello.Connection.LocalEndPoint as IPEndPoint ?? endpoint).Address;
            if (local.IsIPv4MappedToIPv6) local = local.MapToIPv4();
            return ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = leaves.For(LeafName.TryParse(name, out var asked) ? asked : local.ToString()),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            });
        },
    };

    private static Task WriteCaAsync(HttpContext context, CertificateAuthority authority)
    {
        context.Response.ContentType = "application/x-pem-file";
        return context.Response.WriteAsync(authority.Pem, context.RequestAborted);
    }
}
