using Kache.Api;
using Kache.Cli.Commands;
using Kache.Host;

namespace Kache.Cli.Machine;

/// <summary>stop: the machine first, whatever the server does; then the session, which may take its time; then the journal.</summary>
internal sealed class MachineStop(Shell shell, MachineFiles files)
{
    private readonly SessionServer _servers = new(shell);
    private readonly List<string> _notes = [];

    /// <summary>Whether somebody else is in the way of the last of our changes.</summary>
    public bool IsStuck { get; private set; }

    public async Task<SessionClosed> RunAsync(string mode, CloseSession request, CancellationToken cancellation)
    {
        using var held = HostLock.Take(files.Paths);
        if (files.Journal.Read() is not { } journal)
            throw new KacheException("not_started", $"Nothing was started on this machine, so there is nothing to stop. 'kache start {mode} --tag=…' starts; 'kache session ls' lists sessions that were opened without it.");
        if (journal.Mode != mode) throw new KacheException("other_mode", $"This machine is in the {journal}, not in {mode}. End that with: kache stop {journal.Mode}");

        var undone = await UndoAsync(journal, cancellation);
        IsStuck = undone.Steps.Count > 0;
        if (undone.Phase == HostPhase.Starting) return await DiscardAsync(undone, cancellation);
        var closed = await CloseAsync(undone, request, cancellation);
        if (undone.Steps.Count == 0) files.Journal.Delete();
        else files.Journal.Write(undone with { Session = null });
        return closed;
    }

    private async Task<HostJournal> UndoAsync(HostJournal journal, CancellationToken cancellation)
    {
        var setup = files.Setup();
        try
        {
            var undone = setup.Undo(journal);
            if (undone.Steps.Count == 0 && undone.Phase == HostPhase.Active)
            {
                undone = undone with { Phase = HostPhase.Undone };
                files.Journal.Write(undone);
            }
            await NameCaches.FlushAsync(ResolverDetection.Look(files.Paths), setup.Notes, cancellation);
            return undone;
        }
        finally
        {
            foreach (var note in setup.Notes) shell.Warn(note);
        }
    }

    private async Task<SessionClosed> CloseAsync(HostJournal journal, CloseSession request, CancellationToken cancellation)
    {
        if (journal.Session is not { } session)
        {
            if (journal.Steps.Count == 0) files.Journal.Delete();
            throw new KacheException("not_started", journal.Steps.Count == 0 ? "The session had ended before; this machine is as it was." : "The session has ended; this machine still has what is told above.");
        }
        try
        {
            await using var server = await _servers.OpenAsync(journal.Server, _notes, cancellation);
            foreach (var note in _notes) shell.Warn(note);
            shell.Say($"[{server.Api.Description}]");
            return await CloseAsync(server, session, request, cancellation);
        }
        catch (KacheException gone) when (gone.Token == "not_found")
        {
            if (journal.Steps.Count == 0) files.Journal.Delete();
            throw new KacheException("not_found", $"This machine is as it was. Its session had ended before: {gone.Message}", gone);
        }
        catch (KacheException failure)
        {
            throw new KacheException(failure.Token, $"This machine is as it was, but the {journal} is still open on its server: {failure.Message.TrimEnd('.')}. Run 'kache stop {journal.Mode}' again when the server can be reached, or 'kache session close {session}' there.", failure);
        }
    }

    private async Task<SessionClosed> CloseAsync(FoundServer server, string session, CloseSession request, CancellationToken cancellation)
    {
        var ended = false;
        try
        {
            var closed = await WaitOptions.CloseAsync(server.Api, session, request, shell, cancellation);
            ended = true;
            return closed;
        }
        finally
        {
            await _servers.AwaitEndAsync(server, unused: !ended, cancellation);
        }
    }

    /// <summary>A start that was killed before it said that it worked: nothing was recorded, and the tag stays where it is.</summary>
    private async Task<SessionClosed> DiscardAsync(HostJournal journal, CancellationToken cancellation)
    {
        await _servers.DiscardAsync(journal, _notes, cancellation);
        if (journal.Steps.Count == 0) files.Journal.Delete();
        throw new KacheException("not_started", $"The 'kache start {journal.Mode}' of this machine had not finished. What it had done is undone, and nothing was recorded.");
    }
}
