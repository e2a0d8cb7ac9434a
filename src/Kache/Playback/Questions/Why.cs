using Kache.Exchanges;
using Kache.Playback.Matching;
using Kache.Store;

namespace Kache.Playback.Questions;

/// <summary>What a fresh playback session would answer to a request.</summary>
/// <param name="Step">As the session's log would name it; <c>miss</c> for a miss.</param>
/// <param name="Status">Of the answer; 424 for a miss.</param>
/// <param name="Answers">Those of the sequence, the first one being given first; empty for a miss.</param>
/// <param name="Miss">What the client would be told; null when there is an answer.</param>
internal sealed record Reason(string Step, int Status, IReadOnlyList<Exchange> Answers, MissAnswer? Miss);

/// <summary>Finds out which recorded answer a request would get, by the very code that answers.</summary>
internal static class Why
{
    public static async Task<Reason> AskAsync(SealedRecording recording, AskedRequest asked, bool faithful, ConfiguredRules rules, TimeProvider clock, CancellationToken cancellation)
    {
        await using var survey = new RecordingSurvey(recording, rules);
        var found = await new Finder(recording, survey, faithful, rules).FindAsync(asked, cancellation);
        if (found.Answers is { } answers)
        {
            var first = answers.Answers[0];
            var making = Making.Of(first, asked);
            var step = StepNames.Of(found.Step, making.As, first.Joined is not null);
            return new Reason(step, making.StatusOf(first), [.. answers.Answers.Select(answer => answer.Exchange)], null);
        }
        var miss = await new MissTeller(recording, survey, clock).TellAsync(asked, found.Rejected, cancellation);
        return new Reason(StepNames.Miss, MissAnswer.Status, [], miss);
    }
}
