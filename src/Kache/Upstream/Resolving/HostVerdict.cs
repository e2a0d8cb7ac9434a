using System.Net;
using Kache.Dns.Messages;

namespace Kache.Upstream.Resolving;

/// <summary>What the answers for A and AAAA together say of a host (BEHAVIOUR N3). Pure.</summary>
internal static class HostVerdict
{
    /// <param name="four">The answer for A; null when it was not waited for.</param>
    /// <param name="six">The answer for AAAA; likewise.</param>
    public static HostLookup Of(StubAnswer? four, StubAnswer? six)
    {
        var addresses = AddressesOf(four, RecordType.A).Concat(AddressesOf(six, RecordType.Aaaa)).ToList();
        if (addresses.Count > 0) return new HostLookup.Exists(addresses);
        // Some servers say NXDOMAIN to AAAA of a host that has A: without A's answer that settles nothing.
        if (four?.Code == ResponseCode.NoSuchName || (four?.Message is not null && six?.Message is not null)) return new HostLookup.DoesNotExist();
        var failed = four is { Message: null } ? four : six;
        return new HostLookup.Unknown(failed is null ? "No resolver answered." : failed.Reason, failed?.TimedOut ?? true);
    }

    public static IReadOnlyList<IPAddress> AddressesOf(StubAnswer? answer, int type)
    {
        var addresses = new List<IPAddress>();
        // A message that breaks off tells as much as it tells.
        if (answer?.Message is { } message) UpstreamMessage.TryReadAddresses(message, type, addresses);
        return addresses;
    }
}
