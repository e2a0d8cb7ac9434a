using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Kache.Dns;

/// <summary>
/// The addresses that names are answered with: those that the server was told to advertise, else the one that the
/// client's query came to, which it can evidently reach.
/// </summary>
internal sealed class ProxyAddresses(IReadOnlyList<IPAddress> advertised)
{
    /// <param name="local">The address that the query came to.</param>
    /// <returns>None when the machine has no such address where the query came in.</returns>
    public IReadOnlyList<IPAddress> Of(AddressFamily family, IPAddress local)
    {
        var told = advertised.Where(a => a.AddressFamily == family).ToList();
        if (told.Count > 0) return told;
        if (local.AddressFamily == family) return [local];
        if (IPAddress.IsLoopback(local)) return [family == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback];
        return Beside(family, local);
    }

    /// <summary>The other family's address on the same interface; asked anew each time, since interfaces come and go.</summary>
    private static List<IPAddress> Beside(AddressFamily family, IPAddress local)
    {
        foreach (var network in NetworkInterface.GetAllNetworkInterfaces())
        {
            var addresses = network.GetIPProperties().UnicastAddresses.Select(u => u.Address).ToList();
            // An interface's index is part of a link-local address there, and not of one that a packet was sent to.
            if (!addresses.Any(a => a.GetAddressBytes().AsSpan().SequenceEqual(local.GetAddressBytes()))) continue;
            return [.. addresses.Where(a => a.AddressFamily == family && !a.IsIPv6LinkLocal).Take(1)];
        }
        return [];
    }
}
