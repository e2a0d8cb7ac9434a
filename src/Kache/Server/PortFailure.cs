using System.Net;
using System.Net.Sockets;
using Kache.Api;

namespace Kache.Server;

/// <summary>Why a port cannot be had, who has it, and what to do.</summary>
internal static class PortFailure
{
    public static KacheException Explain(IPEndPoint endpoint, ProtocolType protocol, SocketException failure)
    {
        var port = $"{(protocol == ProtocolType.Udp ? "UDP" : "TCP")} port {endpoint.Port} on {endpoint.Address}";
        return failure.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => new KacheException("port_taken",
                $"{port} is taken{Holder(endpoint, protocol)}. Stop that, or give Kache other addresses (--listen) or another port ({OptionFor(endpoint.Port)} N; 0 turns it off).", failure),
            SocketError.AccessDenied => new KacheException("not_allowed",
                $"{port} is for root only. Run as root, with CAP_NET_BIND_SERVICE as the systemd unit does, or use a port above 1023 ({OptionFor(endpoint.Port)} N; 0 turns it off).", failure),
            SocketError.AddressNotAvailable => new KacheException("failed",
                $"{endpoint.Address} is not an address of this machine. 'ip address' lists those that --listen can take.", failure),
            _ => new KacheException("failed", $"{port} cannot be bound: {failure.Message}.", failure),
        };
    }

    private static string Holder(IPEndPoint endpoint, ProtocolType protocol)
    {
        if (PortHolders.Find(endpoint, protocol) is not { } holder) return "";
        return holder.Process is null ? $" by a process of another user (on {holder.Address})" : $" by {holder.Process} (on {holder.Address})";
    }

    // By the defaults: whoever moved a port knows which option it was.
    private static string OptionFor(int port) => port switch
    {
        53 => "--dns-port",
        80 => "--http-port",
        443 => "--https-port",
        3128 => "--proxy-port",
        7070 => "--api-port",
        _ => "--…-port",
    };
}
