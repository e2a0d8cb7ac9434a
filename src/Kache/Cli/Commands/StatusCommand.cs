using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Output;

namespace Kache.Cli.Commands;

internal static class StatusCommand
{
    public static Command Create(Shell shell)
    {
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("status", "Show what runs: the server, what it listens on, its sessions") { json };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var status = await api.StatusAsync(cancellation);
            if (parsed.GetValue(json))
            {
                shell.WriteJson(status, ApiJson.Default.ServerStatus);
                return ExitCode.Done;
            }
            shell.Out.WriteLine($"version    {status.Version}");
            shell.Out.WriteLine($"data       {status.Data}");
            shell.Out.WriteLine($"server     {(status.Listening.Count == 0 ? "none is running" : status.PlaybackOnly ? "running, plays back only" : "running")}");
            foreach (var line in status.Listening) shell.Out.WriteLine($"listening  {line}");
            shell.Out.WriteLine($"sessions   {status.Sessions.Count}");
            if (status.Sessions.Count > 0)
            {
                shell.Out.WriteLine();
                SessionTable.Write(shell.Out, status.Sessions);
            }
            return ExitCode.Done;
        }));
        return command;
    }
}
