using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Output;

namespace Kache.Cli.Commands;

internal static class ShowCommand
{
    public static Command Create(Shell shell)
    {
        var reference = SharedOptions.Reference();
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("show", "Show a recording: its hosts, gaps and where its tags have been") { reference, json };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var recording = await api.ShowAsync(parsed.GetRequiredValue(reference), cancellation);
            if (parsed.GetValue(json)) shell.WriteJson(recording, ApiJson.Default.RecordingInfo);
            else Write(shell.Out, recording);
            return ExitCode.Done;
        }, p => p.GetRequiredValue(reference)));
        return command;
    }

    private static void Write(TextWriter output, RecordingInfo recording)
    {
        output.WriteLine($"digest    {recording.Digest}");
        output.WriteLine($"tags      {(recording.Tags.Count == 0 ? "none" : string.Join(' ', recording.Tags))}");
        output.WriteLine($"requests  {recording.Requests}");
        output.WriteLine($"bytes     {recording.Bytes} ({Words.Bytes(recording.Bytes)})");
        output.WriteLine($"hosts     {recording.Hosts.Count}");
        output.WriteLine($"gaps      {recording.Gaps.Count}");
        if (recording.Hosts.Count > 0)
        {
            output.WriteLine();
            var hosts = new Table("HOST", "REQUESTS", "BYTES").Numbers(1, 2);
            foreach (var host in recording.Hosts) hosts.Add(host.Host, $"{host.Requests}", Words.Bytes(host.Bytes));
            hosts.Write(output);
        }
        if (recording.Gaps.Count > 0)
        {
            output.WriteLine();
            var gaps = new Table("GAP", "WHERE", "AT", "DETAIL");
            foreach (var gap in recording.Gaps) gaps.Add(gap.Kind, gap.Where, Words.Time(gap.At), gap.Detail);
            gaps.Write(output);
        }
        if (recording.History.Count > 0)
        {
            output.WriteLine();
            var moves = new Table("TAG", "DIGEST", "MOVED");
            foreach (var move in recording.History) moves.Add(move.Tag, move.Digest, Words.Time(move.MovedAt));
            moves.Write(output);
        }
    }
}
