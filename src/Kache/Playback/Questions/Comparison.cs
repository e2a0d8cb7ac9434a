using Kache.Exchanges;
using Kache.Playback.Matching;
using Kache.Store;

namespace Kache.Playback.Questions;

/// <summary>What a request got, without when.</summary>
internal readonly record struct Given(int Status, Digest Body, long Bytes, ExchangeOutcome Outcome);

/// <summary>A request that is in one recording or in both, and what it got there; differing answers in order, repetitions once.</summary>
internal sealed record Compared(string Host, string Method, string Url, IReadOnlyList<Given> Was, IReadOnlyList<Given> Is)
{
    public bool IsAdded => Was.Count == 0;

    public bool IsGone => Is.Count == 0;

    public bool IsChanged => !IsAdded && !IsGone && !Was.SequenceEqual(Is);
}

/// <summary>
/// What makes one recording another: requests added, gone, and answered otherwise. Requests are the same when their keys are,
/// signatures in targets left out: those are others every time. It holds some hundred bytes for each request.
/// </summary>
internal static class Comparison
{
    public static async Task<IReadOnlyList<Compared>> RunAsync(SealedRecording old, SealedRecording current, CancellationToken cancellation)
    {
        var (was, now) = (await ReadAsync(old, cancellation), await ReadAsync(current, cancellation));
        return [.. was.Keys.Union(now.Keys)
            .Select(key => new Compared(
                key.Authority.ToString(), key.Method, AskedRequest.UrlOf(key.Scheme, key.Authority, key.Target),
                was.GetValueOrDefault(key, []), now.GetValueOrDefault(key, [])))
            .OrderBy(compared => compared.Host, StringComparer.Ordinal).ThenBy(compared => compared.Url, StringComparer.Ordinal).ThenBy(compared => compared.Method, StringComparer.Ordinal)];
    }

    private static async Task<Dictionary<ExchangeKey, List<Given>>> ReadAsync(SealedRecording recording, CancellationToken cancellation)
    {
        var requests = new Dictionary<ExchangeKey, List<Given>>();
        await foreach (var exchange in recording.ReadAllAsync(cancellation))
        {
            var key = recording.KeyOf(exchange.Request);
            if (SigningParameters.Strip(key.Target) is { } unsigned) key = key with { Target = unsigned };
            var given = new Given(exchange.Response.Status, exchange.Response.Body.Digest, exchange.Response.Body.Length, exchange.Outcome);
            if (!requests.TryGetValue(key, out var answers)) requests.Add(key, answers = []);
            // A 304 says nothing of its own, and how often a client asks is not what makes a build another.
            if (given.Status != 304 && !answers.Contains(given) || answers.Count == 0) answers.Add(given);
        }
        return requests;
    }
}
