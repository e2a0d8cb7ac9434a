using System.Collections.Concurrent;
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

/// <param name="Digest">What record sealed or playback played.</param>
internal sealed record SessionEnding(Session Session, SessionReport Report, Digest? Digest, bool TagMoved);

/// <summary>
/// The running sessions: opened, found by source address or by secret (without a lock), closed, and
/// brought back after a restart. A client finds its own only.
/// </summary>
internal sealed partial class SessionDirectory : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Session> _running = new(StringComparer.Ordinal);
    private readonly ClientAddresses _addresses = new();
    // Opening and the last step of closing change what others see; finding never waits.
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _closing = new(StringComparer.Ordinal);
    private readonly Dictionary<SessionMode, ISessionEngineFactory> _factories;
    private readonly DataStore _store;
    private readonly TimeProvider _clock;
    private readonly ILogger<SessionDirectory> _log;
    private readonly bool _standalone;

    /// <param name="standalone">Its sessions live in this process and end with it; no server takes them over.</param>
    public SessionDirectory(
        DataStore store, IEnumerable<ISessionEngineFactory> factories, TimeProvider clock, ILogger<SessionDirectory> log, bool standalone = false)
    {
        (_store, _clock, _log, _standalone) = (store, clock, log, standalone);
        _factories = factories.ToDictionary(factory => factory.Mode);
    }

    public IReadOnlyCollection<Session> Running => [.. _running.Values];

    /// <summary>Whether any session ran here since the process began, however short it was.</summary>
    public bool HasServed { get; private set; }

    public async Task<SessionOpening> OpenAsync(SessionRequest request, CancellationToken cancellation)
    {
        if (!_factories.TryGetValue(request.Mode, out var factory)) return new SessionOpening.ModeNotServed(request.Mode);
        if (request.Mode == SessionMode.Record && request.Reference is not { Tag: not null, DigestPrefix: null })
            return new SessionOpening.Invalid($"A recording is made under a tag, and '{request.Reference}' names a digest.");
        await _changing.WaitAsync(cancellation);
        try
        {
            Digest? resolved = null;
            if (request.Mode == SessionMode.Playback)
            {
                switch (await _store.ResolveAsync(request.Reference, cancellation))
                {
                    case Resolution.Found found: resolved = found.Digest; break;
                    case Resolution.Ambiguous several: return new SessionOpening.AmbiguousReference(request.Reference, several.Candidates);
                    default: return new SessionOpening.UnknownReference(request.Reference);
                }
            }
            if (_addresses.Conflict(request.Clients) is var (client, owner)) return new SessionOpening.AddressTaken(client, owner);
            return await OpenAsync(request, factory, resolved, cancellation);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>IPv4-mapped addresses are IPv4; a session without IPv4 is found by its /64.</summary>
    public bool TryFind(IPAddress client, [NotNullWhen(true)] out Session? session) => _addresses.TryFind(client, out session);

    /// <summary>Compares in constant time.</summary>
    public bool TryFind(string id, string secret, [NotNullWhen(true)] out Session? session)
    {
        // An unknown id costs the same comparison as a known one.
        var known = _running.TryGetValue(id, out var candidate);
        var right = SessionSecret.Fits(secret, known ? candidate!.SecretHash : SessionSecret.Nobody);
        session = known && right ? candidate : null;
        return session is not null;
    }

    /// <summary>
    /// Drains, seals and moves the tag (record), or ends (playback). Returns when all of it is on disk. Null when there is none.
    /// Connections accepted in the session are closed; they never pass to another. When the store cannot take the recording the
    /// session stays, with all that it has, and closing can be tried again.
    /// </summary>
    public async Task<SessionEnding?> CloseAsync(string id, TimeSpan wait, bool moveTag, CancellationToken cancellation)
    {
        var turn = _closing.GetOrAdd(id, static _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(cancellation);
        try
        {
            if (!_running.TryGetValue(id, out var session)) return null;
            await session.BeginEndAsync();
            await session.Engine.DrainAsync(wait, cancellation);
            var report = session.Engine.Report();
            var ending = session.Engine.Journal is { } journal
                ? await SealAsync(session, journal, report, moveTag, cancellation)
                : new SessionEnding(session, report, session.Resolved, TagMoved: false);
            await RemoveAsync(session);
            LogClosed(session.Id, ending.Digest?.ToString() ?? "none", ending.Report.Requests, ending.Report.Bytes);
            return ending;
        }
        finally
        {
            turn.Release();
            if (!_running.ContainsKey(id)) _closing.TryRemove(id, out _);
        }
    }

    /// <summary>At start of a server: sessions that were running when the last one ended go on.</summary>
    public async Task RestoreAsync(CancellationToken cancellation)
    {
        foreach (var entry in await _store.Catalog.SessionsAsync(onlyRunning: true, cancellation))
        {
            try
            {
                var request = SessionEntries.Request(entry);
                if (request.Options.Standalone) continue;
                if (!_factories.TryGetValue(request.Mode, out var factory))
                {
                    LogNotRestored(entry.Id, $"this server does not do {entry.Mode}");
                    continue;
                }
                Publish(await StartAsync(entry.Id, request, factory, entry.Resolved, entry.SecretHash, entry.OpenedAt, null, cancellation));
                LogRestored(entry.Id, entry.Mode, entry.Reference);
            }
            catch (Exception failure) when (failure is IOException or FormatException or System.Text.Json.JsonException)
            {
                // The others go on; this one stays in the catalog for a repair.
                LogNotRestored(entry.Id, failure.Message);
            }
        }
    }

    /// <summary>
    /// Sessions whose process was killed: what they had recorded is sealed, reachable by its digest, and their tags stay where
    /// they are. Those that had recorded nothing are closed.
    /// </summary>
    /// <returns>Session and recording.</returns>
    public async Task<IReadOnlyList<(string Session, Digest Digest)>> SealAbandonedAsync(CancellationToken cancellation)
    {
        var recovered = new List<(string, Digest)>();
        foreach (var entry in await _store.Catalog.SessionsAsync(onlyRunning: true, cancellation))
        {
            try
            {
                if (!SessionEntries.Request(entry).Options.Standalone || !SessionHold.TryTake(_store.Folder, entry.Id, out var hold)) continue;
                using (hold)
                {
                    if (await SealAbandonedAsync(entry, cancellation) is { } digest) recovered.Add((entry.Id, digest));
                    await _store.Catalog.SaveSessionAsync(entry with { ClosedAt = _clock.GetUtcNow() }, CancellationToken.None);
                    if (entry.Resolved is null) _store.RemoveJournal(entry.Id);
                }
            }
            catch (Exception failure) when (failure is IOException or FormatException or System.Text.Json.JsonException)
            {
                // The others' turn; this one is tried again with the next run.
                LogNotRestored(entry.Id, failure.Message);
            }
        }
        return recovered;
    }

    private async Task<Digest?> SealAbandonedAsync(SessionEntry entry, CancellationToken cancellation)
    {
        // Playback has no journal.
        if (entry.Resolved is not null) return null;
        await using var journal = await _store.OpenJournalAsync(entry.Id, cancellation);
        return journal.Summary is { Requests: 0, Gaps: 0 } ? null : await _store.SealAsync(journal, cancellation);
    }

    /// <summary>Sessions stay open in the catalog and go on with the next server; what is under way is broken off.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var session in _running.Values)
        {
            await session.EndAsync();
            await session.Engine.DrainAsync(TimeSpan.Zero, CancellationToken.None);
            await session.Engine.DisposeAsync();
            await session.Log.DisposeAsync();
            session.Hold?.Dispose();
        }
        _running.Clear();
        _changing.Dispose();
    }

    private async Task<SessionOpening> OpenAsync(SessionRequest request, ISessionEngineFactory factory, Digest? resolved, CancellationToken cancellation)
    {
        var secret = SessionSecret.Create();
        var id = SessionSecret.CreateId();
        SessionHold? hold = null;
        if (_standalone)
        {
            request = request with { Options = request.Options with { Standalone = true } };
            // Before anybody can know of it.
            if (!SessionHold.TryTake(_store.Folder, id, out hold)) throw new InvalidOperationException("a new session is held already");
        }
        var hash = SessionSecret.Hash(secret);
        var opened = _clock.GetUtcNow();
        // In the catalog first: a crash after this leaves a session that a restart brings back, and none that nobody knows of.
        var entry = SessionEntries.Of(id, request, resolved, hash, opened);
        await _store.Catalog.SaveSessionAsync(entry, cancellation);
        Session session;
        try
        {
            session = await StartAsync(id, request, factory, resolved, hash, opened, hold, cancellation);
        }
        catch
        {
            hold?.Dispose();
            await _store.Catalog.SaveSessionAsync(entry with { ClosedAt = _clock.GetUtcNow() }, CancellationToken.None);
            throw;
        }
        Publish(session);
        LogOpened(session.Id, entry.Mode, entry.Reference);
        return new SessionOpening.Opened(session, secret);
    }

    private async Task<Session> StartAsync(
        string id, SessionRequest request, ISessionEngineFactory factory, Digest? resolved, byte[] secretHash, DateTimeOffset opened,
        SessionHold? hold, CancellationToken cancellation)
    {
        var log = SessionLog.Open(SessionLog.FileOf(_store.Folder, id));
        try
        {
            var engine = await factory.CreateAsync(new SessionSetup(id, request.Mode, request.Options, resolved, log), cancellation);
            return new Session
            {
                Id = id,
                Mode = request.Mode,
                Reference = request.Reference,
                Resolved = resolved,
                SecretHash = secretHash,
                Clients = request.Clients,
                OwnerToken = request.OwnerToken,
                Options = request.Options,
                OpenedAt = opened,
                Engine = engine,
                Log = log,
                Hold = hold,
            };
        }
        catch
        {
            await log.DisposeAsync();
            throw;
        }
    }

    private void Publish(Session session)
    {
        _running[session.Id] = session;
        HasServed = true;
        _addresses.Bind(session);
    }

    private async Task<SessionEnding> SealAsync(Session session, SessionJournal journal, SessionReport report, bool moveTag, CancellationToken cancellation)
    {
        var digest = await _store.SealAsync(journal, cancellation);
        // What was sealed is what is told: gaps of before a restart are in it, and not in this process's memory.
        using (var recording = await _store.OpenRecordingAsync(digest, cancellation))
        {
            var summary = recording.Summary;
            report = report with
            {
                Requests = summary.Requests, Bytes = summary.Bytes, Hosts = summary.Hosts, Active = 0,
                GapCount = Math.Max(report.GapCount, summary.Gaps),
                Gaps = summary.Gaps >= report.GapCount ? [.. recording.Gaps.Take(SessionReport.LongestList)] : report.Gaps,
            };
        }
        if (moveTag) await _store.Catalog.MoveTagAsync(session.Reference.Tag!.Value, digest, cancellation);
        return new SessionEnding(session, report, digest, moveTag);
    }

    private async Task RemoveAsync(Session session)
    {
        await _changing.WaitAsync(CancellationToken.None);
        try
        {
            // From here on nothing of it may be lost by the caller's impatience.
            var entry = SessionEntries.Of(session) with { ClosedAt = _clock.GetUtcNow() };
            await _store.Catalog.SaveSessionAsync(entry, CancellationToken.None);
            _addresses.Release(session);
            _running.TryRemove(session.Id, out _);
        }
        finally
        {
            _changing.Release();
        }
        await session.EndAsync();
        await session.Engine.DisposeAsync();
        await session.Log.DisposeAsync();
        session.Hold?.Dispose();
        if (session.Mode == SessionMode.Record) _store.RemoveJournal(session.Id);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Session {Id} opened: {Mode} {Reference}")]
    private partial void LogOpened(string id, string mode, string reference);

    [LoggerMessage(Level = LogLevel.Information, Message = "Session {Id} goes on after a restart: {Mode} {Reference}")]
    private partial void LogRestored(string id, string mode, string reference);

    [LoggerMessage(Level = LogLevel.Error, Message = "Session {Id} cannot go on: {Reason}")]
    private partial void LogNotRestored(string id, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Session {Id} closed: {Digest}, {Requests} requests, {Bytes} bytes")]
    private partial void LogClosed(string id, string digest, long requests, long bytes);
}
