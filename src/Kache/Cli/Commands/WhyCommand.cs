using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Output;
using Kache.Exchanges;
using Kache.Exchanges.Bodies;

namespace Kache.Cli.Commands;

internal static class WhyCommand
{
    // What a recording keeps of a request's body; nobody asks about more.
    private const long LongestBody = 16 * 1024 * 1024;

    public static Command Create(Shell shell)
    {
        var url = new Argument<string>("url") { HelpName = "URL", Description = "What the request asks for; path and query byte for byte" };
        var tag = new Option<string>("--tag") { HelpName = "TAG|REF", Description = "The recording: TAG, TAG@sha256:… or sha256:…", Required = true };
        var method = new Option<string>("--method") { HelpName = "METHOD", Description = "Default: GET, with --body POST" };
        var header = new Option<string[]>("--header") { HelpName = "NAME: VALUE", Description = "A field of the request. May be repeated" };
        var body = new Option<string?>("--body") { HelpName = "FILE", Description = "The request's body; - is stdin" };
        var faithful = new Option<bool>("--faithful") { Description = "As a session with --faithful answers" };
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("why", "Tell which recorded answer a request gets in playback, and by which rule, or why none") { url, tag, method, header, body, faithful, json };
        store.AddTo(command);
        header.Validators.Add(result =>
        {
            foreach (var word in result.GetValueOrDefault<string[]>() ?? [])
                if (word.IndexOf(':', StringComparison.Ordinal) <= 0) result.AddError($"--header '{word}': write NAME: VALUE.");
        });
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var headers = (parsed.GetValue(header) ?? []).Select(Read).ToList();
            Digest? sent = parsed.GetValue(body) is { } file ? await ReadBodyAsync(file, headers, cancellation) : null;
            var answer = await api.WhyAsync(
                new WhyRequest(
                    parsed.GetRequiredValue(tag), parsed.GetRequiredValue(url), parsed.GetValue(method) ?? (sent is null ? "GET" : "POST"),
                    headers, sent?.ToString(), parsed.GetValue(faithful)),
                cancellation);
            if (parsed.GetValue(json)) shell.WriteJson(answer, ApiJson.Default.WhyInfo);
            else Write(shell.Out, answer);
            return answer.Answers.Count > 0 ? ExitCode.Done : ExitCode.Misses;
        }, p => p.GetRequiredValue(tag)));
        return command;
    }

    private static HeaderInfo Read(string word)
    {
        var colon = word.IndexOf(':', StringComparison.Ordinal);
        return new HeaderInfo(word[..colon].Trim(), word[(colon + 1)..].Trim());
    }

    private static async Task<Digest> ReadBodyAsync(string file, List<HeaderInfo> headers, CancellationToken cancellation)
    {
        await using var source = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
        var body = new byte[LongestBody + 1];
        var length = await source.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellation);
        if (length > LongestBody) throw new KacheException("invalid", $"'{file}' is longer than {LongestBody} bytes, which is more than a recording keeps of a request.");
        var sent = body.AsMemory(0, length);
        return length > CanonicalBody.LongestRead ? Digest.Of(sent.Span) : CanonicalBody.Of(Field("content-type"), Field("content-encoding"), sent);

        string? Field(string name) => headers.Find(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Value;
    }

    private static void Write(TextWriter output, WhyInfo why)
    {
        output.WriteLine($"request    {why.Method} {why.Url}");
        output.WriteLine($"recording  {why.Digest}");
        output.WriteLine($"step       {why.Step}");
        output.WriteLine($"status     {why.Status}");
        if (why.Reason is not null) output.WriteLine($"reason     {why.Reason}");
        if (why.Answers.Count > 0)
        {
            output.WriteLine();
            var answers = new Table("ANSWER", "STATUS", "BYTES", "RECORDED", "OUTCOME", "DIGEST", "REQUEST").Numbers(0, 1, 2);
            for (var i = 0; i < why.Answers.Count; i++)
            {
                var answer = why.Answers[i];
                answers.Add($"{i + 1}", $"{answer.Status}", $"{answer.Bytes}", Words.Time(answer.At), answer.Outcome, Words.Short(answer.Digest), $"{answer.Method} {answer.Url}");
            }
            answers.Write(output);
        }
        if (why.Closest.Count > 0)
        {
            output.WriteLine();
            var closest = new Table("CLOSEST", "WHAT DIFFERS");
            foreach (var near in why.Closest) closest.Add($"{near.Method} {near.Url}", near.Difference);
            closest.Write(output);
        }
    }
}
