using System.Net;
using System.Net.Sockets;
using Kache.Exchanges;

namespace Kache.Upstream;

/// <summary>The one type that opens outgoing sockets. A playback session has none.</summary>
internal sealed class Dialer
{
    /// <summary>Resolves with Kache's own resolver and connects, trying addresses in turn.</summary>
    /// <exception cref="UpstreamException">DNS, connect, or a loop to Kache itself.</exception>
    public ValueTask<Socket> DialAsync(Authority destination, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Sends a DNS query as it is to an upstream resolver (UDP, TCP when truncated) and returns its message.</summary>
    /// <exception cref="UpstreamException">No answer in time, or none that fits.</exception>
    public ValueTask<byte[]> QueryAsync(IPEndPoint resolver, ReadOnlyMemory<byte> query, CancellationToken cancellation) => throw new NotImplementedException();
}
