using System.CommandLine;
using Kache.Cli.Machine;
using Kache.Cli.Output;

namespace Kache.Cli.Commands;

internal static class StopCommand
{
    public static Command Create(Shell shell)
    {
        var mode = SharedOptions.Mode();
        var wait = new WaitOptions();
        var json = SharedOptions.Json();
        var command = new Command("stop", "Put this machine back as it was, end its session and tell what it was (as root)") { mode, json };
        wait.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var word = parsed.GetRequiredValue(mode);
            MachineFiles.RequireRoot($"stop {word}");
            var stop = new MachineStop(shell, new MachineFiles());
            var closed = await stop.RunAsync(word, wait.Read(parsed), cancellation);
            var code = EndReport.Write(shell, closed, parsed.GetValue(json));
            return stop.IsStuck ? ExitCode.Failed : code;
        });
        return command;
    }
}

/// <summary>For the systemd unit that undoes at boot: the machine, and nothing else.</summary>
internal static class HostUndoCommand
{
    public static Command Create(Shell shell)
    {
        var command = new Command("host-undo", "Put this machine back as it was; its session stays open until 'stop'") { Hidden = true };
        command.SetAction(_ =>
        {
            MachineFiles.RequireRoot("host-undo");
            var files = new MachineFiles();
            using var held = Host.HostLock.Take(files.Paths);
            Leftovers.Undo(files, shell);
            return ExitCode.Done;
        });
        return command;
    }
}
