using System.Collections.Concurrent;
using Kache.Exchanges;
using Kache.Playback.Matching;
using Kache.Store;

namespace Kache.Playback;

/// <summary>
/// What a recording holds under a key, decoded. What was asked for lately stays decoded, up to a bound:
/// an answer that is asked for again costs one look-up, no lock.
/// </summary>
internal sealed class RecordedCandidates(SealedRecording recording)
{
    // Decoded exchanges per generation. At some 2 KiB each, two generations stay below 32 MiB a session,
    // and hold what a build of several thousand requests asks for twice.
    private const int GenerationSize = 8192;

    private volatile Generation _young = new();
    private volatile Generation _old = new();

    public bool TryGetDecoded(in ExchangeKey key, out CandidateSet candidates)
    {
        if (_young.Sets.TryGetValue(key, out candidates!)) return true;
        if (!_old.Sets.TryGetValue(key, out candidates!)) return false;
        Keep(key, candidates);
        return true;
    }

    /// <returns><see cref="CandidateSet.None"/> when there is nothing.</returns>
    public async ValueTask<CandidateSet> ForAsync(ExchangeKey key, CancellationToken cancellation)
    {
        if (TryGetDecoded(key, out var known)) return known;
        var exchanges = new List<Exchange>();
        await ReadAsync(key, exchanges, cancellation);
        // Not kept: nothing is quicker to find than nothing, and whoever asks for what is not there asks for a lot of it.
        if (exchanges.Count == 0) return CandidateSet.None;
        var candidates = new CandidateSet(exchanges);
        Keep(key, candidates);
        return candidates;
    }

    /// <summary>Adds what is under the key, in recorded order.</summary>
    public async ValueTask ReadAsync(ExchangeKey key, List<Exchange> exchanges, CancellationToken cancellation)
    {
        var locations = new List<ExchangeLocation>();
        recording.Find(key, locations);
        foreach (var location in locations)
        {
            var exchange = await recording.ReadAsync(location, cancellation);
            // The index goes by a hash of the key.
            if (recording.KeyOf(exchange.Request) == key) exchanges.Add(exchange);
        }
    }

    private void Keep(in ExchangeKey key, CandidateSet candidates)
    {
        var young = _young;
        if (!young.Sets.TryAdd(key, candidates)) return;
        if (Interlocked.Add(ref young.Size, candidates.Count) < GenerationSize) return;
        // Two threads at once lose a few entries to the past, and nothing else.
        _old = young;
        _young = new Generation();
    }

    private sealed class Generation
    {
        public int Size;

        public ConcurrentDictionary<ExchangeKey, CandidateSet> Sets { get; } = new();
    }
}
