using System.Net.Sockets;
using Kache.Exchanges;

namespace Kache.Upstream;

/// <summary>What a session says about the hosts it reaches.</summary>
/// <param name="IsHttp1">Hosts to which HTTP/1.1 only is offered.</param>
/// <param name="IsInsecure">Hosts whose certificate is not verified.</param>
internal sealed record OriginRules(Func<string, bool> IsHttp1, Func<string, bool> IsInsecure);

/// <summary>The way to origins over HTTP; makes each session connections of its own.</summary>
internal sealed class UpstreamHttp(Dialer dialer, UpstreamTrust trust, UpstreamOptions options)
{
    private readonly UpstreamConnector _connector = new(dialer, new UpstreamTls(trust), options);

    /// <summary>A transport for bytes that are not looked into; the caller owns it.</summary>
    /// <exception cref="UpstreamException">The origin could not be reached.</exception>
    public ValueTask<NetworkStream> ConnectAsync(Authority origin, CancellationToken cancellation) => _connector.ConnectAsync(origin, cancellation);

    /// <summary>Connections that nobody else uses: authenticated ones must not pass to another session (NTLM, Negotiate).</summary>
    /// <param name="pinned">See <see cref="UpstreamPool"/>.</param>
    public UpstreamPool CreatePool(OriginRules rules, bool pinned = false) => new(_connector, rules, options, pinned);
}
