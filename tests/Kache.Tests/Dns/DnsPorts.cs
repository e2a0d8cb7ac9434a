using System.Net;
using System.Net.Sockets;

namespace Kache.Tests.Dns;

/// <summary>One port for UDP and TCP, as name servers have.</summary>
internal static class DnsPorts
{
    /// <param name="port">0 for any: one that is free for UDP may be taken for TCP, and then it is another one.</param>
    public static (Socket Udp, Socket Tcp) Bind(IPAddress address, int port = 0)
    {
        for (var tries = 1; ; tries++)
        {
            var udp = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            var tcp = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                if (address.AddressFamily == AddressFamily.InterNetworkV6) udp.DualMode = tcp.DualMode = false;
                udp.Bind(new IPEndPoint(address, port));
                tcp.Bind(udp.LocalEndPoint!);
                return (udp, tcp);
            }
            catch (SocketException) when (port == 0 && tries < 20)
            {
                udp.Dispose();
                tcp.Dispose();
            }
        }
    }
}
