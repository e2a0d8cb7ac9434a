using System.Net;
using Kache.Exchanges;
using Kache.Sessions;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Kache.Interception;

/// <summary>
/// What is known of an accepted connection; a feature of it. Once it belongs to a session it does until its end,
/// and ends with the session.
/// </summary>
internal sealed class InterceptedConnection(ConnectionContext connection, bool isExplicit) : IDisposable
{
    private CancellationTokenRegistration _ending;
    private CancellationTokenRegistration _ended;
    private Session? _session;

    /// <summary>It came to the explicit proxy's port.</summary>
    public bool IsExplicit { get; } = isExplicit;

    public IPEndPoint Local { get; } = Plain(connection.LocalEndPoint);

    public IPEndPoint Remote { get; } = Plain(connection.RemoteEndPoint);

    public Session? Session => Volatile.Read(ref _session);

    /// <summary>Where a CONNECT led; null without one.</summary>
    public Authority? Tunnel { get; set; }

    /// <summary>Where it was going, by the address that it came to; null where that does not say.</summary>
    public Authority? Destination { get; set; }

    /// <summary>Whether the other side may be the one that speaks first: in a tunnel, and on ports that are not the web's.</summary>
    public bool MayBeginSilent => Tunnel is not null || (Destination is not null && Local.Port is not (80 or 443));

    /// <summary>TLS was opened here.</summary>
    public bool IsSecure { get; set; }

    /// <summary>The name in SNI, in lower case; null without one.</summary>
    public string? ServerName { get; set; }

    /// <returns>False when it belongs to another session already.</returns>
    public bool BelongsTo(Session session)
    {
        var owner = Interlocked.CompareExchange(ref _session, session, null);
        if (owner is not null) return ReferenceEquals(owner, session);
        // A response that is under way may end; HTTP/2 says GOAWAY, HTTP/1.1 closes after it.
        _ending = session.Ending.UnsafeRegister(static it => ((ConnectionContext)it!).Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose(), connection);
        _ended = session.Ended.UnsafeRegister(static it => ((ConnectionContext)it!).Abort(new ConnectionAbortedException("The session has ended.")), connection);
        return true;
    }

    public void Dispose()
    {
        _ending.Dispose();
        _ended.Dispose();
    }

    private static IPEndPoint Plain(EndPoint? endpoint)
    {
        if (endpoint is not IPEndPoint ip) return new IPEndPoint(IPAddress.None, 0);
        return ip.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(ip.Address.MapToIPv4(), ip.Port) : ip;
    }
}
