using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Output;

namespace Kache.Cli.Commands;

internal static class DiffCommand
{
    public static Command Create(Shell shell)
    {
        var old = new Argument<string>("old") { HelpName = "REF", Description = "The recording to compare with" };
        var current = new Argument<string>("new") { HelpName = "REF", Description = "The recording to compare" };
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("diff", "Tell what makes the second recording another than the first: requests added, gone, and answered otherwise") { old, current, json };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var diff = await api.DiffAsync(parsed.GetRequiredValue(old), parsed.GetRequiredValue(current), cancellation);
            if (parsed.GetValue(json)) shell.WriteJson(diff, ApiJson.Default.DiffInfo);
            else Write(shell.Out, diff);
            return ExitCode.Done;
        }, p => p.GetRequiredValue(current)));
        return command;
    }

    private static void Write(TextWriter output, DiffInfo diff)
    {
        var hosts = new Table("HOST", "ADDED", "GONE", "CHANGED", "SAME").Numbers(1, 2, 3, 4);
        foreach (var host in diff.Hosts) hosts.Add(host.Host, $"{host.Added}", $"{host.Gone}", $"{host.Changed}", $"{host.Same}");
        hosts.Write(output);
        if (diff.Changes.Count == 0) return;
        output.WriteLine();
        foreach (var change in diff.Changes)
        {
            output.WriteLine($"{Sign(change.Change)} {change.Method} {change.Url}");
            if (change.Was.Count > 0) output.WriteLine($"    was {Listed(change.Was)}");
            if (change.Is.Count > 0) output.WriteLine($"    is  {Listed(change.Is)}");
        }
    }

    private static char Sign(string change) => change switch { "added" => '+', "gone" => '-', _ => '~' };

    private static string Listed(IReadOnlyList<GivenInfo> answers) => string.Join(", then ", answers.Select(answer =>
        $"{answer.Status} {Words.Bytes(answer.Bytes)} {Words.Short(answer.Digest)}{(answer.Outcome == "complete" ? "" : $" ({answer.Outcome})")}"));
}
