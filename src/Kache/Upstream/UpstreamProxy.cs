using System.Net;
using System.Text;
using Kache.Exchanges;

namespace Kache.Upstream;

/// <summary>The HTTP proxy that everything goes through (<c>--upstream-proxy</c>): tunnels for https, forwarding for http.</summary>
internal sealed class UpstreamProxy
{
    // A CONNECT answer is a status line and a few fields; a proxy that says more is not one.
    private const int LongestAnswer = 16 * 1024;

    private readonly string? _authorization;

    /// <param name="address"><c>http://[user:password@]host:port</c>.</param>
    /// <exception cref="ArgumentException">Not such a URL.</exception>
    public UpstreamProxy(Uri address)
    {
        if (address.Scheme != "http") throw new ArgumentException($"The upstream proxy '{address.Host}' must be an http:// URL.", nameof(address));
        Authority = new Authority(Authority.NormalizeHost(address.Host), address.Port);
        if (address.UserInfo.Length > 0)
            _authorization = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(address.UserInfo)));
    }

    public Authority Authority { get; }

    /// <summary>Value of Proxy-Authorization, or null.</summary>
    public string? Authorization => _authorization;

    /// <exception cref="UpstreamException">The proxy did not open the tunnel.</exception>
    public async ValueTask OpenTunnelAsync(Stream stream, Authority origin, CancellationToken cancellation)
    {
        var head = $"CONNECT {origin} HTTP/1.1\r\nHost: {origin}\r\n" +
            (_authorization is null ? "" : $"Proxy-Authorization: {_authorization}\r\n") + "\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), cancellation);
        var answer = new byte[LongestAnswer];
        var length = 0;
        // Byte by byte: whatever follows the head belongs to the tunnel. It is read once a connection.
        while (length < 4 || !answer.AsSpan(length - 4, 4).SequenceEqual("\r\n\r\n"u8))
        {
            if (length == answer.Length) throw Refused(origin, "its answer to CONNECT does not end");
            if (await stream.ReadAsync(answer.AsMemory(length, 1), cancellation) == 0) throw Refused(origin, "it closed the connection");
            length++;
        }
        var line = Encoding.Latin1.GetString(answer, 0, answer.AsSpan(0, length).IndexOf((byte)'\r'));
        var parts = line.Split(' ', 3);
        if (parts.Length < 2 || !parts[0].StartsWith("HTTP/1.", StringComparison.Ordinal) || !parts[1].StartsWith('2') || parts[1].Length != 3)
            throw Refused(origin, $"it said '{line}'");
    }

    /// <summary>For SocketsHttpHandler: http requests go to the proxy in absolute form; https is tunnelled by the connector.</summary>
    public IWebProxy ForPlainHttp() => new PlainOnly(new UriBuilder("http", Authority.DialName, Authority.Port).Uri);

    private UpstreamException Refused(Authority origin, string why) =>
        new(UpstreamFailure.DestinationUnavailable, $"The upstream proxy {Authority} opened no tunnel to {origin}: {why}.");

    private sealed class PlainOnly(Uri proxy) : IWebProxy
    {
        public ICredentials? Credentials { get; set; }

        public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : proxy;

        public bool IsBypassed(Uri host) => host.Scheme != Uri.UriSchemeHttp;
    }
}
