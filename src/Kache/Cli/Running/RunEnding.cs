using Kache.Api;
using Kache.Cli.Output;
using Kache.Sandbox;
using Kache.Server;

namespace Kache.Cli.Running;

/// <summary>The session of a run: opened before its command, closed after it, and what both are told to the user and to scripts.</summary>
internal sealed class RunEnding(Shell shell, RunRequest request, EmbeddedServer server)
{
    // A terminal's worth; the report has all that is kept.
    private const int MostLines = 20;

    private IKacheApi? _api;
    private SessionOpened? _opened;

    public async Task TellAbandonedAsync(CancellationToken cancellation)
    {
        ColdCaches.Sweep(request.Server.Data);
        foreach (var (session, digest) in await server.SealAbandonedAsync(cancellation))
            shell.Say($"kache: the run {session} had been killed; what it had recorded is {digest}.");
    }

    public async Task<SessionOpened> OpenAsync(IReadOnlyList<string> clients, Kache.Api.ServerFacts facts, CancellationToken cancellation)
    {
        _api = server.Api(facts);
        _opened = await _api.OpenSessionAsync(request.Session with { Clients = clients }, cancellation);
        return _opened;
    }

    /// <summary>A word about caches from which the command may have taken what the recording should have (BEHAVIOUR C11).</summary>
    public IReadOnlyList<string> WarmCaches()
    {
        if (request.Session.Mode != "record" || request.Cold) return [];
        var warm = KnownCaches.Warm(KnownCaches.Find(shell.Variable, Libc.UserId == 0));
        return warm.Count == 0 ? [] : [$"There was something in the caches of {string.Join(", ", warm)}. What the command took from there is not in the recording; --cold gives it empty ones."];
    }

    /// <returns>What the run ends with.</returns>
    public async Task<int> CloseAsync(SandboxEnd end, IReadOnlyList<RefusedInfo> refused, IReadOnlyList<string> notes, bool sandboxed)
    {
        if (end.Failure is not null) shell.Fail(end.Failure);
        if (!end.Started)
        {
            foreach (var note in notes.Concat(server.TroubleTold)) shell.Warn(note);
            return end.ExitCode;
        }
        var moveTag = end.Failure is null && (end.ExitCode == 0 || request.TagAnyway);
        var closed = await _api!.CloseSessionAsync(_opened!.Id, new CloseSession(MoveTag: moveTag), CancellationToken.None);
        var exitCode = end.ExitCode != 0 ? end.ExitCode : EndReport.Code(closed);
        foreach (var note in notes.Concat(server.TroubleTold)) shell.Warn(note);
        Tell(closed, end, refused);
        if (request.Report is not null)
            new RunReport(exitCode, end.Failure is null ? end.ExitCode : null, sandboxed, closed, refused, [.. notes, .. server.TroubleTold]).WriteTo(request.Report);
        return exitCode;
    }

    private void Tell(SessionClosed closed, SandboxEnd end, IReadOnlyList<RefusedInfo> refused)
    {
        var recorded = closed.Mode == "record";
        shell.Say($"kache: {(recorded ? "recorded" : "played back")} {Words.Count(closed.Requests, "request", "requests")}, {Words.Bytes(closed.Bytes)}, "
            + $"{Words.Count(closed.Hosts, "host", "hosts")}: {closed.Tag}{(closed.Digest is null ? "" : $" ({Words.Short(closed.Digest)})")}");
        if (recorded && !closed.TagMoved)
            shell.Say($"kache: the command {(end.Failure is null ? $"ended with {end.ExitCode}" : "was broken off")}, so the tag {closed.Tag} stays where it was; the recording is {closed.Digest} ('--tag-anyway' moves the tag all the same).");
        List(closed.Misses, m => $"miss  {m.Method} {m.Url}{(m.Closest is null ? "" : $"\n      closest: {m.Closest}")}", closed.MissCount, "misses");
        List(closed.Gaps, g => $"gap   {g.Kind} {g.Where}: {g.Detail}", closed.GapCount, "gaps");
        List(refused, r => $"refused  {r.Protocol} {r.Host}:{r.Port}{(r.Count > 1 ? $" ({r.Count} times)" : "")}: that port is not served (--port N)", refused.Count, "refused ports");
    }

    private void List<T>(IReadOnlyList<T> items, Func<T, string> line, long count, string what)
    {
        foreach (var item in items.Take(MostLines)) shell.Say("  " + line(item));
        if (count > MostLines) shell.Say($"  and {count - MostLines} more {what}; --report FILE has them, and 'kache log {_opened!.Id}' lists every answer.");
    }
}
