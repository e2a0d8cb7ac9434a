using System.Diagnostics.CodeAnalysis;
using System.Net;
using Kache.Exchanges;
using Kache.Store;

namespace Kache.Sessions;

/// <param name="Clients">Source addresses to bind; one that is bound already is a conflict.</param>
internal sealed record SessionRequest(
    SessionMode Mode, Reference Reference, SessionOptions Options, IReadOnlyList<IPAddress> Clients, string? OwnerToken);

/// <summary>How opening went: expected outcomes are values.</summary>
internal abstract record SessionOpening
{
    /// <param name="Secret">Said once, kept as a hash.</param>
    internal sealed record Opened(Session Session, string Secret) : SessionOpening;

    internal sealed record UnknownReference(Reference Reference) : SessionOpening;

    internal sealed record AmbiguousReference(Reference Reference, IReadOnlyList<Digest> Candidates) : SessionOpening;

    /// <summary>The address has a session already.</summary>
    internal sealed record AddressTaken(IPAddress Client, string SessionId) : SessionOpening;

    /// <summary>This server was started with <c>--playback-only</c>.</summary>
    internal sealed record ModeNotServed(SessionMode Mode) : SessionOpening;

    /// <summary>The mode's words do not fit: record takes a tag.</summary>
    internal sealed record Invalid(string Message) : SessionOpening;

    private SessionOpening()
    {
    }
}

/// <param name="Digest">What record sealed or playback played; null when a recording had nothing to seal to.</param>
internal sealed record SessionEnding(Session Session, SessionReport Report, Digest? Digest, bool TagMoved);

/// <summary>
/// The running sessions: opened, found by source address or by secret (without a lock), closed, and
/// brought back after a restart. A client finds its own only.
/// </summary>
internal sealed class SessionDirectory : IAsyncDisposable
{
    public SessionDirectory(DataStore store, IEnumerable<ISessionEngineFactory> factories, TimeProvider clock) => throw new NotImplementedException();

    public IReadOnlyCollection<Session> Running => throw new NotImplementedException();

    public Task<SessionOpening> OpenAsync(SessionRequest request, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>IPv4-mapped addresses are IPv4; a session without IPv4 is found by its /64.</summary>
    public bool TryFind(IPAddress client, [NotNullWhen(true)] out Session? session) => throw new NotImplementedException();

    /// <summary>Compares in constant time.</summary>
    public bool TryFind(string id, string secret, [NotNullWhen(true)] out Session? session) => throw new NotImplementedException();

    /// <summary>
    /// Drains, seals and moves the tag (record), or ends (playback). Returns when all of it is on disk. Null when there is none.
    /// Connections accepted in the session are closed; they never pass to another.
    /// </summary>
    public Task<SessionEnding?> CloseAsync(string id, TimeSpan wait, bool moveTag, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>At start of a server: sessions that were running when the last one ended go on.</summary>
    public Task RestoreAsync(CancellationToken cancellation) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
