using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Output;

namespace Kache.Cli.Commands;

internal static class LogCommand
{
    public static Command Create(Shell shell)
    {
        var session = SharedOptions.SessionId();
        var store = new StoreOptions();
        var json = SharedOptions.Json("Write a JSON object a line");
        var command = new Command("log", "List what a session answered, and by which rule; also after it ended") { session, json };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            await foreach (var entry in api.LogAsync(parsed.GetRequiredValue(session), cancellation))
            {
                if (parsed.GetValue(json)) shell.WriteJson(entry, ApiJson.Default.LogEntry);
                else shell.Out.WriteLine($"{Words.Time(entry.At)}  {entry.Status}  {entry.Bytes,10}  {entry.Millis,8:0.0} ms  {entry.Step,-14}  {entry.Method} {entry.Url}");
            }
            return ExitCode.Done;
        }));
        return command;
    }
}
