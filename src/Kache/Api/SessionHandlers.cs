using System.Net;
using System.Runtime.CompilerServices;
using Kache.Exchanges;
using Kache.Sessions;
using Kache.Store;

namespace Kache.Api;

/// <summary>Sessions: opened, looked at and closed by whoever owns them.</summary>
internal sealed class SessionHandlers(ApiParts parts, Caller caller)
{
    // BEHAVIOUR H26: running bodies get half a minute, then become gaps.
    private const double DefaultWaitSeconds = 30;

    // A day: more is a mistake in the unit.
    private const double LongestWaitSeconds = 86_400;

    private readonly References _references = new(parts.Store, caller);

    public async Task<SessionOpened> OpenAsync(OpenSession request, CancellationToken cancellation)
    {
        var mode = SessionWords.ParseMode(request.Mode);
        var reference = References.Parse(request.Reference);
        var options = parts.Facts.Rules.AddTo(SessionWords.Options(request));
        if (mode == SessionMode.Playback) await RequirePlaybackAsync(reference, cancellation);
        else RequireRecording(reference);
        var sessions = parts.Sessions ?? throw NoServer("opened");
        var clients = (request.Clients ?? []).Select(ParseClient).Distinct().ToList();

        var opening = await sessions.OpenAsync(new SessionRequest(mode, reference, options, clients, caller.Token), cancellation);
        return opening switch
        {
            SessionOpening.Opened opened => Describe(opened),
            SessionOpening.UnknownReference unknown => throw References.Unknown(unknown.Reference),
            SessionOpening.AmbiguousReference ambiguous => throw References.Ambiguous(ambiguous.Reference, ambiguous.Candidates),
            SessionOpening.AddressTaken taken => throw AddressTaken(taken, sessions),
            SessionOpening.ModeNotServed => throw new KacheException("mode_not_served", "This server only plays back (--playback-only): it cannot record. Record on another one."),
            SessionOpening.Invalid invalid => throw new KacheException("invalid", invalid.Message),
            _ => throw new InvalidOperationException($"an opening that is not known: {opening.GetType().Name}"),
        };
    }

    public async Task<IReadOnlyList<SessionInfo>> ListAsync(CancellationToken cancellation)
    {
        if (parts.Sessions is { } sessions)
            return [.. sessions.Running.Where(s => caller.Owns(s.OwnerToken)).OrderBy(s => s.OpenedAt).Select(Describe)];
        var kept = await parts.Store.Catalog.SessionsAsync(onlyRunning: true, cancellation);
        return [.. kept.Where(s => caller.Owns(s.OwnerToken)).Select(Describe)];
    }

    public async Task<SessionInfo> FindAsync(string id, CancellationToken cancellation)
    {
        if (Running(id) is { } running) return Describe(running);
        return Describe(await KeptAsync(id, cancellation));
    }

    public async Task<SessionClosed> CloseAsync(string id, CloseSession request, CancellationToken cancellation)
    {
        var wait = request.NoWait ? 0 : request.WaitSeconds ?? DefaultWaitSeconds;
        if (wait is not (>= 0 and <= LongestWaitSeconds)) throw new KacheException("invalid", $"A wait is 0 to {LongestWaitSeconds:0} seconds.");
        var sessions = parts.Sessions ?? throw NoServer("closed");
        if (Running(id) is null)
        {
            var kept = await KeptAsync(id, cancellation);
            throw new KacheException("not_found", $"The session {kept.Id} has ended already. 'kache log {kept.Id}' shows what it answered.");
        }
        var ending = await sessions.CloseAsync(id, TimeSpan.FromSeconds(wait), request.MoveTag, cancellation) ?? throw NotFound(id);
        var (session, report) = (ending.Session, ending.Report);
        return new SessionClosed(
            session.Id, SessionWords.Of(session.Mode), session.Reference.ToString(), ending.Digest?.ToString(),
            report.Requests, report.Hosts, report.Bytes,
            report.GapCount, [.. report.Gaps.Select(RecordingHandlers.Describe)],
            report.MissCount, [.. report.Misses.Select(m => new MissInfo(m.At, m.Method, m.Url, m.Closest))],
            session.Options.Strict, ending.TagMoved);
    }

    public async Task RewindAsync(string id, CancellationToken cancellation)
    {
        if (parts.Sessions is null) throw NoServer("rewound");
        if (Running(id) is { } session)
        {
            if (!session.Engine.Rewind()) throw new KacheException("invalid", $"The session {id} records: it has no answers to begin again with.");
            return;
        }
        var kept = await KeptAsync(id, cancellation);
        throw new KacheException("not_found", $"The session {kept.Id} has ended already; every new playback begins at the first answer.");
    }

    public async IAsyncEnumerable<LogEntry> LogAsync(string id, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (Running(id) is null) await KeptAsync(id, cancellation);
        var file = SessionLog.FileOf(parts.Store.Folder, id);
        await foreach (var answer in SessionLog.ReadAsync(file, cancellation))
            yield return new LogEntry(answer.At, answer.Method, answer.Url, answer.Status, answer.Bytes, answer.Took.TotalMilliseconds, answer.Step);
    }

    private Session? Running(string id) => parts.Sessions?.Running.FirstOrDefault(s => s.Id == id && caller.Owns(s.OwnerToken));

    private async Task<SessionEntry> KeptAsync(string id, CancellationToken cancellation)
    {
        var kept = await parts.Store.Catalog.SessionsAsync(onlyRunning: false, cancellation);
        return kept.FirstOrDefault(s => s.Id == id && caller.Owns(s.OwnerToken)) ?? throw NotFound(id);
    }

    private void RequireRecording(Reference reference)
    {
        if (reference is not { Tag: { } tag, DigestPrefix: null })
            throw new KacheException("invalid", $"A recording is made under a tag, and '{reference}' names a digest. Write --tag=TAG.");
        if (!caller.Allow.MayRecord(tag.Value))
            throw new KacheException("not_allowed", $"The token may not record '{tag}': it needs record:{tag}. Ask an administrator of the server for one that may.");
    }

    private async Task RequirePlaybackAsync(Reference reference, CancellationToken cancellation)
    {
        if (caller.Allow.IsAdmin) return;
        if (reference.Tag is { } tag && !caller.Allow.MayPlayBack(tag.Value))
            throw new KacheException("not_allowed", $"The token may not play back '{tag}': it needs playback:{tag}. Ask an administrator of the server for one that may.");
        // Judged before the session is opened, which resolves again: a tag that moves in between stays the same tag.
        if (reference.DigestPrefix is null) return;
        var found = await parts.Store.ResolveAsync(reference, cancellation) is Resolution.Found { Digest: var digest }
            && await _references.MaySeeAsync(reference, digest, caller.Allow.MayPlayBack, cancellation);
        if (!found) throw References.Unknown(reference);
    }

    /// <summary><c>self</c> is where the caller comes from; on this machine, the address that its connections to us have.</summary>
    private IPAddress ParseClient(string text)
    {
        if (text == "self")
        {
            var self = caller.Address ?? parts.Facts.LocalAddress;
            if (self.IsIPv4MappedToIPv6) self = self.MapToIPv4();
            // Connections to any loopback address come from the first one.
            return IPAddress.IsLoopback(self) && self.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? IPAddress.Loopback : self;
        }
        if (!IPAddress.TryParse(text, out var address))
            throw new KacheException("invalid", $"'{text}' is not an IP address. A client is named by its address, or 'self'.");
        if (!caller.Allow.IsAdmin && !address.Equals(caller.Address))
            throw new KacheException("not_allowed", $"Only an administrator may bind another client's address ({text}). Use 'self', or the explicit proxy.");
        return address;
    }

    private SessionOpened Describe(SessionOpening.Opened opened)
    {
        var session = opened.Session;
        var addresses = parts.Facts.AddressesFor(caller);
        var ca = KacheApi.Describe(parts.Authority());
        // A session for nobody's address in particular is used from anywhere: what is told to clients fits all of them.
        var reached = caller.ReachedAt is null && session.Clients.Count == 0 ? parts.Facts.Advertised.Concat(addresses) : addresses;
        var proxy = parts.Facts.ProxyPort == 0 || !reached.Any() ? null
            : $"http://{session.Id}:{opened.Secret}@{new IPEndPoint(reached.First(), parts.Facts.ProxyPort)}";
        return new SessionOpened(
            session.Id, SessionWords.Of(session.Mode), session.Reference.ToString(), session.Resolved?.ToString(), opened.Secret, proxy,
            [.. session.Clients.Select(c => c.ToString())],
            parts.Facts.DnsPort == 0 ? [] : [.. addresses.Select(a => a.ToString())],
            parts.Facts.DnsPort, ca.Pem, ca.Fingerprint, parts.Facts.ProbeHost);
    }

    private static SessionInfo Describe(Session session)
    {
        var report = session.Engine.Report();
        return new SessionInfo(
            session.Id, SessionWords.Of(session.Mode), session.Reference.ToString(), session.Resolved?.ToString(),
            [.. session.Clients.Select(c => c.ToString())], session.OpenedAt, null, session.OwnerToken,
            report.Requests, report.Bytes, report.GapCount, report.MissCount, report.Active);
    }

    /// <summary>A session that no process runs: its counts are in its journal, and told when it ends.</summary>
    private static SessionInfo Describe(SessionEntry entry) => new(
        entry.Id, entry.Mode, entry.Reference, entry.Resolved?.ToString(), entry.Clients, entry.OpenedAt, entry.ClosedAt, entry.OwnerToken, 0, 0, 0, 0, 0);

    private KacheException AddressTaken(SessionOpening.AddressTaken taken, SessionDirectory sessions)
    {
        var owned = sessions.Running.Any(s => s.Id == taken.SessionId && caller.Owns(s.OwnerToken));
        var whose = owned ? $"the session {taken.SessionId}" : "another session";
        return new KacheException("address_taken",
            $"The address {taken.Client} belongs to {whose} already: clients are told apart by their address. "
            + (owned ? $"End it ('kache session close {taken.SessionId}'), or open" : "Open")
            + " one beside it that is used through the explicit proxy: 'kache session open'.");
    }

    private KacheException NoServer(string what) => new(
        "no_server", $"No server is running on {parts.Store.Folder}, so no session can be {what} there. Start one with 'kache serve --data {parts.Store.Folder}'.");

    private static KacheException NotFound(string id) => new("not_found", $"There is no session '{id}'. 'kache session ls' lists those that run.");
}
