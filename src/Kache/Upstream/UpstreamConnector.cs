using System.Net.Sockets;
using Kache.Exchanges;

namespace Kache.Upstream;

/// <summary>Opens one transport to an origin: straight, or through the configured proxy; with TLS when asked.</summary>
internal sealed class UpstreamConnector(Dialer dialer, UpstreamTls tls, UpstreamOptions options)
{
    private readonly UpstreamProxy? _proxy = options.Proxy is null ? null : new UpstreamProxy(options.Proxy);

    /// <exception cref="UpstreamException">Any step failed.</exception>
    public async ValueTask<NetworkStream> ConnectAsync(Authority origin, CancellationToken cancellation) =>
        _proxy is null ? await DialAsync(origin, cancellation) : await TunnelAsync(_proxy, origin, cancellation);

    /// <summary>To the proxy itself, for requests it forwards (plain http).</summary>
    public async ValueTask<NetworkStream> ConnectProxyAsync(CancellationToken cancellation) =>
        await DialAsync(_proxy!.Authority, cancellation);

    public ValueTask<(System.Net.Security.SslStream Stream, Digest Chain)> SecureAsync(
        Stream transport, Authority origin, bool http1, bool insecure, CancellationToken cancellation) =>
        tls.OpenAsync(transport, origin, http1, insecure, cancellation);

    private async ValueTask<NetworkStream> DialAsync(Authority destination, CancellationToken cancellation)
    {
        var socket = await dialer.DialAsync(destination, cancellation);
        // Heads and small requests must not wait for the acknowledgement of the one before.
        socket.NoDelay = true;
        return new NetworkStream(socket, ownsSocket: true);
    }

    private async ValueTask<NetworkStream> TunnelAsync(UpstreamProxy proxy, Authority origin, CancellationToken cancellation)
    {
        var stream = await DialAsync(proxy.Authority, cancellation);
        try
        {
            await proxy.OpenTunnelAsync(stream, origin, cancellation);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }
}
