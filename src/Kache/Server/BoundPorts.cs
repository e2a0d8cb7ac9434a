using System.Net;
using System.Net.Sockets;
using Kache.Api;

namespace Kache.Server;

/// <summary>
/// Ports that were bound before anything else was done, so that a server which starts as root can give root up before it
/// opens its first file. Listeners take their socket from here; what was not bound ahead is bound when asked for.
/// </summary>
internal sealed class BoundPorts : IDisposable
{
    private readonly Dictionary<(IPEndPoint, ProtocolType), Socket> _ready = [];

    /// <exception cref="KacheException">A port is taken or not permitted; its holder is named.</exception>
    public void Bind(IPEndPoint endpoint, ProtocolType protocol) => _ready[(endpoint, protocol)] = Open(endpoint, protocol);

    /// <summary>For Kestrel and for the DNS server: a bound socket, not yet listening.</summary>
    public Socket Take(IPEndPoint endpoint, ProtocolType protocol) =>
        _ready.Remove((endpoint, protocol), out var socket) ? socket : Open(endpoint, protocol);

    public void Dispose()
    {
        foreach (var socket in _ready.Values) socket.Dispose();
        _ready.Clear();
    }

    private static Socket Open(IPEndPoint endpoint, ProtocolType protocol)
    {
        var socket = new Socket(endpoint.AddressFamily, protocol == ProtocolType.Udp ? SocketType.Dgram : SocketType.Stream, protocol);
        try
        {
            // The IPv4 wildcard has a socket of its own beside the IPv6 one.
            if (endpoint.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = false;
            // .NET sets SO_REUSEADDR for TCP on Unix: connections of a server that just ended do not hold its port.
            socket.Bind(endpoint);
            return socket;
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw PortFailure.Explain(endpoint, protocol, failure);
        }
    }
}
