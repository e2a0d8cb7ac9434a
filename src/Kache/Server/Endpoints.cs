using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Kache.Server;

/// <summary>Which addresses a server's ports are on, and which of them are its own when somebody dials them.</summary>
internal static class Endpoints
{
    /// <summary>The addresses to bind. Told none, all: the IPv6 wildcard beside the IPv4 one, where the machine has IPv6.</summary>
    public static IReadOnlyList<IPAddress> Addresses(ServeOptions options)
    {
        if (options.Listen.Count > 0) return options.Listen;
        return Socket.OSSupportsIPv6 ? [IPAddress.Any, IPAddress.IPv6Any] : [IPAddress.Any];
    }

    public static IReadOnlyList<IPEndPoint> On(ServeOptions options, int port) =>
        port == 0 ? [] : [.. Addresses(options).Select(a => new IPEndPoint(a, port))];

    /// <summary>Where a client on this machine finds the server: loopback where that is listened on.</summary>
    public static IPAddress Local(ServeOptions options)
    {
        if (options.Listen.Count == 0 || options.Listen.Contains(IPAddress.Any)) return IPAddress.Loopback;
        return options.Listen.FirstOrDefault(IPAddress.IsLoopback)
            ?? options.Listen.FirstOrDefault(a => !a.Equals(IPAddress.IPv6Any))
            ?? IPAddress.IPv6Loopback;
    }

    /// <summary>
    /// Whether an address and port are this server's: dialling one is a loop. Interfaces come and go, so they are asked
    /// each time; only the server's own ports cost that.
    /// </summary>
    public static Func<IPEndPoint, bool> OwnAddress(ServeOptions options)
    {
        var ports = options.TransparentPorts.Append(options.ProxyPort).Append(options.ApiPort).Append(options.DnsPort).Where(p => p != 0).ToHashSet();
        return endpoint =>
        {
            if (!ports.Contains(endpoint.Port)) return false;
            var address = endpoint.Address.IsIPv4MappedToIPv6 ? endpoint.Address.MapToIPv4() : endpoint.Address;
            if (options.Advertise.Contains(address)) return true;
            if (options.Listen.Count > 0 && !options.Listen.Any(IsAny)) return options.Listen.Contains(address);
            return IPAddress.IsLoopback(address) || IsAny(address) || IsOfThisMachine(address);
        };
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static bool IsOfThisMachine(IPAddress address) =>
        NetworkInterface.GetAllNetworkInterfaces().Any(i => i.GetIPProperties().UnicastAddresses.Any(u => u.Address.Equals(address)));
}
