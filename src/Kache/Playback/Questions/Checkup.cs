using Kache.Exchanges;
using Kache.Store;

namespace Kache.Playback.Questions;

/// <summary>What a checkup found. Problems are listed up to <see cref="Checkup.MostProblems"/> and counted all.</summary>
/// <param name="Bodies">Different bodies that were read.</param>
/// <param name="Bytes">Of them.</param>
/// <param name="Incomplete">Exchanges whose body broke off while it was recorded: no problem of the store.</param>
/// <param name="Failed">Exchanges that no origin answered.</param>
internal sealed record CheckupReport(
    long Requests, long Bodies, long Bytes, long Incomplete, long Failed, long ProblemCount, IReadOnlyList<Problem> Problems);

/// <summary>Everything that can be proved of a recording without its origins: its bodies are what was recorded, and it answers what it was asked.</summary>
internal static class Checkup
{
    public const int MostProblems = 1000;

    public static async Task<CheckupReport> RunAsync(SealedRecording recording, CancellationToken cancellation)
    {
        var problems = new List<Problem>();
        var seen = new HashSet<Digest>();
        long requests = 0, bytes = 0, incomplete = 0, failed = 0, count = 0;
        void Note(Problem? problem)
        {
            if (problem is not null && ++count <= MostProblems) problems.Add(problem);
        }

        await foreach (var exchange in recording.ReadAllAsync(cancellation))
        {
            requests++;
            if (exchange.Outcome == ExchangeOutcome.Incomplete) incomplete++;
            if (exchange.Outcome == ExchangeOutcome.Failed) failed++;
            foreach (var body in new[] { exchange.Request.Body, exchange.Response.Body })
            {
                if (!body.Kept || body.Length == 0 || !seen.Add(body.Digest)) continue;
                bytes += body.Length;
                Note(await BodyCheck.RunAsync(recording, body, cancellation));
            }
        }
        await foreach (var problem in SelfReplay.RunAsync(recording, cancellation)) Note(problem);
        return new CheckupReport(requests, seen.Count, bytes, incomplete, failed, count, problems);
    }
}
