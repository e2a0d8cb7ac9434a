using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Output;

namespace Kache.Cli.Commands;

internal static class CaCommand
{
    public static Command Create(Shell shell) =>
        new("ca", "The CA whose certificates clients see; its key never leaves the server") { Show(shell), Export(shell) };

    private static Command Show(Shell shell)
    {
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("show", "Show its name, fingerprint and end") { json };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var ca = await api.CaAsync(cancellation);
            if (parsed.GetValue(json))
            {
                shell.WriteJson(ca, ApiJson.Default.CaInfo);
                return ExitCode.Done;
            }
            shell.Out.WriteLine($"subject      {ca.Subject}");
            shell.Out.WriteLine($"fingerprint  {ca.Fingerprint}");
            shell.Out.WriteLine($"not after    {Words.Time(ca.NotAfter)}");
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command Export(Shell shell)
    {
        var store = new StoreOptions();
        var command = new Command("export", "Write its certificate (PEM) to stdout");
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            shell.Out.WriteLine((await api.CaAsync(cancellation)).Pem.TrimEnd());
            return ExitCode.Done;
        }));
        return command;
    }
}
