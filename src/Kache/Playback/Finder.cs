using Kache.Exchanges;
using Kache.Playback.Matching;
using Kache.Store;

namespace Kache.Playback;

/// <summary>What was found for a request.</summary>
/// <param name="Answers">Null for a miss.</param>
/// <param name="Rejected">For a miss: what is recorded under the request's key, though the request admits none of it.</param>
internal readonly record struct Found(AnswerClass? Answers, MatchStep Step, CandidateSet? Rejected = null);

/// <summary>
/// Goes through the steps of docs/matching.md until one has an answer. The choosing is in Matching;
/// here is only where candidates come from. Playback and every question about it go through here.
/// </summary>
/// <param name="faithful">Transient failures are answered as they were recorded.</param>
internal sealed class Finder(SealedRecording recording, RecordingSurvey survey, bool faithful, ConfiguredRules? rules = null)
{
    private readonly RecordedCandidates _recorded = new(recording);

    public ValueTask<Found> FindAsync(in AskedRequest asked, CancellationToken cancellation)
    {
        var key = asked.Key;
        // The usual case takes no state machine: known, and under exactly this key.
        if (_recorded.TryGetDecoded(key, out var known) && Narrowing.SelectOrJoin(known, asked, faithful) is { } answers)
            return ValueTask.FromResult(new Found(answers, MatchStep.Exact));
        return FindSlowlyAsync(asked, key, cancellation);
    }

    private async ValueTask<Found> FindSlowlyAsync(AskedRequest asked, ExchangeKey key, CancellationToken cancellation)
    {
        var exact = await _recorded.ForAsync(key, cancellation);
        if (Narrowing.SelectOrJoin(exact, asked, faithful) is { } same) return new Found(same, MatchStep.Exact);
        var rejected = exact.Count > 0 ? exact : null;
        if (asked.IsHead)
        {
            var got = await _recorded.ForAsync(key with { Method = "GET" }, cancellation);
            if (Narrowing.SelectOrJoin(got, asked, faithful) is { } whole) return new Found(whole, MatchStep.HeadFromGet);
            if (got.Count > 0) rejected ??= got;
        }
        if (SigningParameters.Strip(asked.Target) is { } target && await FindUnsignedAsync(asked, key with { Target = target }, cancellation) is { } unsigned)
            return new Found(unsigned, MatchStep.Unsigned);
        if (rules?.For(asked.Authority.DialName) is { } host && await FindConfiguredAsync(asked, host, cancellation) is { } configured)
            return new Found(configured, MatchStep.Configured);
        return new Found(null, default, rejected);
    }

    private async ValueTask<AnswerClass?> FindConfiguredAsync(AskedRequest asked, HostRules host, CancellationToken cancellation)
    {
        var known = await survey.ConfiguredKeysAsync(cancellation);
        var key = asked.Key with { Target = host.Strip(asked.Target), Body = asked.BodyByRules ?? asked.Body };
        if (await SelectAsync(key) is { } answers) return answers;
        return asked.IsHead ? await SelectAsync(key with { Method = "GET" }) : null;

        async ValueTask<AnswerClass?> SelectAsync(ExchangeKey wanted) =>
            known.TryGetValue(wanted, out var keys) ? Narrowing.SelectOrJoin(await JoinAsync(keys, cancellation), asked, faithful) : null;
    }

    private async ValueTask<AnswerClass?> FindUnsignedAsync(AskedRequest asked, ExchangeKey unsigned, CancellationToken cancellation)
    {
        var signed = await survey.SignedKeysAsync(cancellation);
        var candidates = await JoinAsync(unsigned, signed, cancellation);
        if (Narrowing.SelectOrJoin(candidates, asked, faithful) is { } answers) return answers;
        if (!asked.IsHead) return null;
        var got = await JoinAsync(unsigned with { Method = "GET" }, signed, cancellation);
        return Narrowing.SelectOrJoin(got, asked, faithful);
    }

    /// <summary>Everything whose target is the same without what signs it.</summary>
    private async ValueTask<CandidateSet> JoinAsync(
        ExchangeKey unsigned, IReadOnlyDictionary<ExchangeKey, List<ExchangeKey>> signed, CancellationToken cancellation)
    {
        return await JoinAsync(signed.TryGetValue(unsigned, out var keys) ? [unsigned, .. keys] : [unsigned], cancellation);
    }

    private async ValueTask<CandidateSet> JoinAsync(IEnumerable<ExchangeKey> keys, CancellationToken cancellation)
    {
        var exchanges = new List<Exchange>();
        foreach (var key in keys) await _recorded.ReadAsync(key, exchanges, cancellation);
        exchanges.Sort((a, b) => a.Ordinal.CompareTo(b.Ordinal));
        return new CandidateSet(exchanges);
    }
}
