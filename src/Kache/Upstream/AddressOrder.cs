using System.Net;
using System.Net.Sockets;

namespace Kache.Upstream;

/// <summary>In which order a host's addresses are tried (RFC 8305 §4). Pure.</summary>
internal static class AddressOrder
{
    // A host with more addresses than this that all fail is down; trying the rest would only take longer.
    private const int Most = 8;

    /// <summary>Families take turns, IPv6 first; addresses without a route come last, so that their failure is told when there is nothing else.</summary>
    public static IReadOnlyList<IPAddress> Of(IReadOnlyList<IPAddress> addresses, Func<IPAddress, bool> hasRoute)
    {
        if (addresses.Count == 1) return addresses;
        var distinct = addresses.Distinct().ToList();
        var routes = new Dictionary<AddressFamily, bool>();
        bool Reachable(IPAddress address)
        {
            // One address speaks for its family, loopback apart: routes are the machine's, and asking costs a socket.
            if (IPAddress.IsLoopback(address)) return true;
            if (!routes.TryGetValue(address.AddressFamily, out var known)) routes[address.AddressFamily] = known = hasRoute(address);
            return known;
        }

        var reachable = distinct.ToLookup(Reachable);
        return [.. InTurns(reachable[true]).Concat(InTurns(reachable[false])).Take(Most)];
    }

    private static IEnumerable<IPAddress> InTurns(IEnumerable<IPAddress> addresses)
    {
        var families = addresses.ToLookup(a => a.AddressFamily == AddressFamily.InterNetworkV6);
        var (six, four) = (families[true].ToList(), families[false].ToList());
        for (var i = 0; i < Math.Max(six.Count, four.Count); i++)
        {
            if (i < six.Count) yield return six[i];
            if (i < four.Count) yield return four[i];
        }
    }
}
