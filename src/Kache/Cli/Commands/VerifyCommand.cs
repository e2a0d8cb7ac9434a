using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Output;

namespace Kache.Cli.Commands;

internal static class VerifyCommand
{
    public static Command Create(Shell shell)
    {
        var reference = SharedOptions.Reference();
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("verify", "Read all of a recording, compare every digest, and play it back to itself") { reference, json };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var report = await api.VerifyAsync(parsed.GetRequiredValue(reference), cancellation);
            if (parsed.GetValue(json)) shell.WriteJson(report, ApiJson.Default.VerifyInfo);
            else Write(shell.Out, report);
            return report.ProblemCount == 0 ? ExitCode.Done : ExitCode.Failed;
        }, p => p.GetRequiredValue(reference)));
        return command;
    }

    private static void Write(TextWriter output, VerifyInfo report)
    {
        output.WriteLine($"digest      {report.Digest}");
        output.WriteLine($"requests    {report.Requests}");
        output.WriteLine($"bodies      {report.Bodies}, {report.Bytes} bytes ({Words.Bytes(report.Bytes)})");
        output.WriteLine($"incomplete  {report.Incomplete}");
        output.WriteLine($"failed      {report.Failed}");
        output.WriteLine($"problems    {report.ProblemCount}");
        if (report.Problems.Count == 0) return;
        output.WriteLine();
        var problems = new Table("PROBLEM", "WHAT", "DETAIL");
        foreach (var problem in report.Problems) problems.Add(problem.Kind, problem.What, problem.Detail);
        problems.Write(output);
    }
}
