using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Machine;
using Kache.Cli.Output;

namespace Kache.Cli.Commands;

internal static class StartCommand
{
    public static Command Create(Shell shell)
    {
        var wish = new SessionWish();
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("start", "Lead this whole machine, every process and user of it, through Kache until 'stop' (as root)") { json };
        wish.AddTo(command);
        store.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            MachineFiles.RequireRoot($"start {wish.ModeOf(parsed)}");
            var choice = store.Choose(parsed, shell);
            try
            {
                var report = await new MachineStart(shell, new MachineFiles()).RunAsync(choice, wish.Read(parsed, []), cancellation);
                Write(shell, report, parsed.GetValue(json));
                return ExitCode.Done;
            }
            catch (KacheException unknown) when (unknown.Token == "unknown_reference")
            {
                throw await OtherStores.HintAsync(unknown, wish.TagOf(parsed), choice.DataFolder, shell, cancellation);
            }
        });
        return command;
    }

    private static void Write(Shell shell, StartReport report, bool json)
    {
        if (json)
        {
            shell.WriteJson(report, StartJson.Default.StartReport);
        }
        else
        {
            shell.Out.WriteLine($"session   {report.Id}");
            shell.Out.WriteLine($"mode      {report.Mode}");
            shell.Out.WriteLine($"tag       {report.Tag}");
            if (report.Digest is not null) shell.Out.WriteLine($"digest    {report.Digest}");
            shell.Out.WriteLine($"dns       {string.Join(' ', report.Dns)}");
        }
        foreach (var note in report.Notes) shell.Say(note);
        shell.Say($"Every process and user of this machine goes through Kache now. 'kache stop {report.Mode}' ends it.");
    }
}
