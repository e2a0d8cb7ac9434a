using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Kache.Sessions;

/// <summary>Which source address belongs to which session. Looked up for each connection and each look-up, without a lock.</summary>
internal sealed class ClientAddresses
{
    // RFC 4291 §2.5.4: the interface identifier is the other half; privacy addresses change it (RFC 8981).
    private const int PrefixBytes = 8;

    private readonly ConcurrentDictionary<IPAddress, Session> _sessions = new();

    /// <summary>The first address that has a session already, and that session's id.</summary>
    public (IPAddress Client, string Session)? Conflict(IEnumerable<IPAddress> clients)
    {
        foreach (var client in clients)
            if (_sessions.TryGetValue(Key(client), out var owner)) return (client, owner.Id);
        return null;
    }

    public void Bind(Session session)
    {
        foreach (var client in session.Clients) _sessions[Key(client)] = session;
    }

    public void Release(Session session)
    {
        foreach (var client in session.Clients) _sessions.TryRemove(new KeyValuePair<IPAddress, Session>(Key(client), session));
    }

    public bool TryFind(IPAddress client, [NotNullWhen(true)] out Session? session) => _sessions.TryGetValue(Key(client), out session);

    /// <summary>IPv4 as it is, the loopback network as one address; IPv6 by its /64.</summary>
    private static IPAddress Key(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address)) return IPAddress.Loopback;
        if (address.AddressFamily == AddressFamily.InterNetwork) return address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[PrefixBytes..].Clear();
        return new IPAddress(bytes);
    }
}
