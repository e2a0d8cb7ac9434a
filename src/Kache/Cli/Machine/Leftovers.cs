using System.CommandLine;
using Kache.Host;

namespace Kache.Cli.Machine;

/// <summary>What a machine that was restarted still has of an earlier start.</summary>
internal static class Leftovers
{
    // They look after the journal themselves.
    private static readonly HashSet<string> Knowing = new(["start", "stop", "host-undo", "serve"], StringComparer.Ordinal);

    /// <summary>Any command of root's undoes it; a command is never kept from its work by that.</summary>
    public static void UndoAfterRestart(ParseResult parsed, Shell shell)
    {
        var files = new MachineFiles();
        if (Knowing.Contains(parsed.CommandResult.Command.Name) || !HostCalls.IsRoot || !File.Exists(files.Paths.Journal)) return;
        try
        {
            if (files.Journal.Read() is not { } seen || seen.Boot == Host.Machine.Boot || seen.Steps.Count == 0) return;
            using var held = HostLock.Take(files.Paths);
            Undo(files, shell);
        }
        catch (Exception failure) when (failure is HostException or IOException or UnauthorizedAccessException)
        {
            shell.Warn($"This machine still has changes of a 'kache start' from before it was restarted: {failure.Message}");
        }
    }

    /// <summary>Puts the machine back; a session that is still open stays in the journal, for stop.</summary>
    public static void Undo(MachineFiles files, Shell shell)
    {
        if (files.Journal.Read() is not { } journal) return;
        var setup = files.Setup();
        var undone = setup.Undo(journal);
        foreach (var note in setup.Notes) shell.Warn(note);
        if (undone.Steps.Count > 0) return;
        if (undone.Session is null) files.Journal.Delete();
        else files.Journal.Write(undone with { Phase = undone.Phase == HostPhase.Starting ? HostPhase.Starting : HostPhase.Undone });
        if (journal.Steps.Count > 0) shell.Say("This machine is as it was before 'kache start'.");
    }
}
