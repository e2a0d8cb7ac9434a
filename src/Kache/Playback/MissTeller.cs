using Kache.Exchanges;
using Kache.Playback.Matching;
using Kache.Store;

namespace Kache.Playback;

/// <summary>Finds words for a miss: why, and what is near. Bounded work, however large the recording is.</summary>
internal sealed class MissTeller(SealedRecording recording, RecordingSurvey survey, TimeProvider clock)
{
    // A client that sees a miss should fail at once; the nearest requests are worth a moment and no more.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    private readonly HashSet<string> _hosts = recording.Hosts.Select(authority => authority.Host).ToHashSet(StringComparer.Ordinal);

    public async ValueTask<MissAnswer> TellAsync(AskedRequest asked, CandidateSet? rejected, CancellationToken cancellation)
    {
        if (rejected is not null)
        {
            var near = new NearRequest(rejected.Groups[0].Answers[0].Exchange.Request.Method, asked.Url, Narrowing.Explain(rejected, asked));
            return Answer(asked, "it was recorded, but negotiated otherwise", [near]);
        }
        if (!_hosts.Contains(asked.Authority.Host)) return Answer(asked, $"nothing was recorded of {asked.Authority.Host}", []);
        var requests = await survey.RequestsOfAsync(asked.Authority.Host, Patience, clock, cancellation);
        return requests is null
            ? Answer(asked, "no recorded request is the same, and looking for near ones takes longer than a client should wait", [])
            : Answer(asked, "no recorded request is the same", Nearest.Of(asked, requests));
    }

    public MissAnswer TellUpgrade(AskedRequest asked) =>
        Answer(asked, "it asks for another protocol, and what follows an upgrade is not recorded", []);

    private MissAnswer Answer(in AskedRequest asked, string reason, IReadOnlyList<NearRequest> closest) =>
        MissAnswer.To(asked, recording.Digest, reason, closest);
}
