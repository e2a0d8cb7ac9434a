using System.Runtime.CompilerServices;
using Kache.Exchanges;
using Kache.Playback.Matching;
using Kache.Store;

namespace Kache.Playback.Questions;

/// <summary>
/// Asks a recording for everything that was recorded, in order, as the client did, and compares what it would answer with
/// what was recorded. Faithful: transient failures are answers too.
/// </summary>
internal static class SelfReplay
{
    public static async IAsyncEnumerable<Problem> RunAsync(SealedRecording recording, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var survey = new RecordingSurvey(recording);
        var finder = new Finder(recording, survey, faithful: true);
        var cursors = new Cursors();
        await foreach (var exchange in recording.ReadAllAsync(cancellation))
        {
            var asked = AskAgain(recording, exchange.Request);
            var found = await finder.FindAsync(asked, cancellation);
            if (Difference(exchange, asked, found, cursors) is { } difference) yield return Problem.OfReplay(asked, difference);
        }
    }

    private static AskedRequest AskAgain(SealedRecording recording, RecordedRequest request) => new(
        request.Method, request.Scheme, request.Authority, request.Fields.First("host"), request.Target,
        recording.KeyOf(request).Body, new RecordedFields(request.Fields));

    private static string? Difference(Exchange recorded, in AskedRequest asked, in Found found, Cursors cursors)
    {
        if (found.Answers is not { } answers) return "it is not answered";
        var answer = Turns.Takes(asked, answers) ? cursors.Take(answers).Answer : cursors.Peek(answers);
        var making = Making.Of(answer, asked);
        var (was, status) = (recorded.Response, making.StatusOf(answer));
        // Who has a copy may be given the next one.
        if (was.Status == 304 && answer.IsWhole) return null;
        if (status != was.Status) return $"it is answered with {status} and was with {was.Status}";
        if (making.As == MadeAs.Range)
        {
            var range = ContentRange.Parse(was.Fields.First("content-range"));
            return making.Ranges is [var only] && range is { First: { } first, Last: { } last } && (only.First != first || only.Last != last)
                ? $"it is answered with bytes {only} and was with {first}-{last}" : null;
        }
        if (making.As is not (MadeAs.Recorded or MadeAs.Incomplete or MadeAs.Failure)) return null;
        if (answer.Exchange.Outcome != recorded.Outcome) return "it is answered whole and was not, or the other way round";
        return answer.Exchange.Response.Body.Digest == was.Body.Digest || asked.IsHead ? null : "it is answered with another body";
    }
}
