using System.Collections.Concurrent;
using System.Net;
using System.Net.Http;
using System.Text;
using Kache.Exchanges;

namespace Kache.Upstream;

/// <summary>
/// One session's connections to origins, over SocketsHttpHandler with everything off that would change a message:
/// redirects, decompression, cookies, ambient proxies, tracing fields.
/// </summary>
internal sealed class UpstreamPool : IDisposable
{
    // From the first SYN to the end of the TLS handshake. Clients give up between 10 s (npm's retries) and 60 s.
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(15);

    // How long a request waits for the origin's 100 before it sends its body all the same; curl's number.
    private static readonly TimeSpan ContinueLimit = TimeSpan.FromSeconds(1);

    // SocketsHttpHandler's default of 64 KB is below what some sites send in Set-Cookie and policies alone.
    private const int LongestHeadKiB = 1024;

    private readonly HttpMessageInvoker _invoker;
    private readonly UpstreamConnector _connector;
    private readonly OriginRules _rules;
    private readonly UpstreamProxy? _proxy;
    private readonly ConcurrentDictionary<Authority, Digest> _chains = new();
    private readonly ConcurrentDictionary<Authority, bool> _speakHttp1 = new();

    /// <param name="pinned">One connection an origin, HTTP/1.1, kept open: for a client that authenticates its connection.</param>
    public UpstreamPool(UpstreamConnector connector, OriginRules rules, UpstreamOptions options, bool pinned = false)
    {
        _connector = connector;
        _rules = rules;
        _proxy = options.Proxy is null ? null : new UpstreamProxy(options.Proxy);
        Pinned = pinned;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = _proxy is not null,
            Proxy = _proxy?.ForPlainHttp(),
            ActivityHeadersPropagator = null,
            ConnectTimeout = ConnectLimit,
            Expect100ContinueTimeout = ContinueLimit,
            EnableMultipleHttp2Connections = true,
            MaxResponseHeadersLength = LongestHeadKiB,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ConnectCallback = ConnectAsync,
            PlaintextStreamFilter = static (context, _) =>
                ValueTask.FromResult(context.NegotiatedHttpVersion.Major < 2 ? new WatchedStream(context.PlaintextStream) : context.PlaintextStream),
        };
        if (pinned)
        {
            handler.MaxConnectionsPerServer = 1;
            handler.PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan;
        }
        _invoker = new HttpMessageInvoker(handler, disposeHandler: true);
    }

    public bool Pinned { get; }

    /// <summary>Sends the request; returns when the response's head is there. The version is chosen here.</summary>
    /// <param name="interim">Gets the 1xx answers that are seen; over HTTP/2 none are.</param>
    /// <param name="upgrade">The request asks for another protocol, which HTTP/1.1 alone can switch to; the stream of a 101 is the connection.</param>
    /// <exception cref="UpstreamException">The origin could not be reached, or did not answer properly.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, Authority origin, InterimAnswers interim, CancellationToken cancellation, bool upgrade = false)
    {
        InterimAnswers.OfThisRequest = interim;
        var http1 = upgrade || Pinned || _rules.IsHttp1(origin.DialName);
        request.Version = http1 ? HttpVersion.Version11 : HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        if (_proxy?.Authorization is { } authorization && request.RequestUri!.Scheme == Uri.UriSchemeHttp)
            request.Headers.TryAddWithoutValidation("Proxy-Authorization", authorization);
        return await _invoker.SendAsync(request, cancellation);
    }

    /// <summary>Digest of the certificates that the origin showed on its latest connection; null without TLS.</summary>
    public Digest? ChainOf(Authority origin) => _chains.TryGetValue(origin, out var chain) ? chain : null;

    public void Dispose() => _invoker.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var request = context.InitialRequestMessage;
        var secure = request.RequestUri!.Scheme == Uri.UriSchemeHttps;
        if (!secure && _proxy is not null) return await _connector.ConnectProxyAsync(cancellation);
        var origin = new Authority(Authority.NormalizeHost(context.DnsEndPoint.Host), context.DnsEndPoint.Port);
        var transport = await _connector.ConnectAsync(origin, cancellation);
        if (!secure) return transport;
        // A pool that fell back to HTTP/1.1 once cannot take an h2 connection later, whatever another machine behind the name prefers.
        var http1 = request.Version.Major < 2 || _speakHttp1.ContainsKey(origin);
        var (stream, chain) = await _connector.SecureAsync(transport, origin, http1, _rules.IsInsecure(origin.DialName), cancellation);
        _chains[origin] = chain;
        if (!http1 && stream.NegotiatedApplicationProtocol != System.Net.Security.SslApplicationProtocol.Http2) _speakHttp1[origin] = true;
        return stream;
    }
}
