using Kache.Dns;
using Kache.Exchanges;
using Kache.Store;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Kache.Sessions;

/// <summary>Where one request goes, found out by Interception before the session sees it.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Authority">What would be dialled.</param>
/// <param name="Target">Request target as received, origin form.</param>
internal readonly record struct RequestRoute(string Scheme, Authority Authority, string Target);

internal enum TunnelReason
{
    /// <summary>The host is on the session's bypass list.</summary>
    Bypassed,

    /// <summary>The first bytes are neither TLS nor HTTP.</summary>
    NotHttp,
}

/// <summary>
/// What a session does with what reaches it: recording forwards and keeps, playback answers from
/// what was kept. One engine per running session; thread safe.
/// </summary>
internal interface ISessionEngine : IAsyncDisposable
{
    /// <summary>What is sealed when the session has been drained; null where nothing is recorded.</summary>
    SessionJournal? Journal { get; }

    /// <summary>Answers one request, body and trailers included. Failures of the origin or the store are answers, not exceptions.</summary>
    Task HandleAsync(HttpContext context, RequestRoute route);

    /// <summary>Carries bytes that are not looked into, or refuses them. Unread bytes are still in the transport's input.</summary>
    Task TunnelAsync(ConnectionContext client, Authority destination, TunnelReason reason);

    /// <summary>Answers a name: see <see cref="INameSource"/>.</summary>
    ValueTask<NameAnswer> LookUpAsync(string name, int type, CancellationToken cancellation);

    /// <summary>Counts so far, and what was missed or could not be kept.</summary>
    SessionReport Report();

    /// <summary>No new requests from now on; waits for running bodies up to the limit, then breaks them off as gaps.</summary>
    Task DrainAsync(TimeSpan limit, CancellationToken cancellation);

    /// <summary>Every sequence of answers begins again.</summary>
    /// <returns>False where nothing is played back.</returns>
    bool Rewind() => false;
}
