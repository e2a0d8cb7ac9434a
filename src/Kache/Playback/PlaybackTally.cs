using System.Collections.Concurrent;
using Kache.Exchanges;
using Kache.Sessions;

namespace Kache.Playback;

/// <summary>What a playback session has answered so far, and what it could not. Thread safe.</summary>
internal sealed class PlaybackTally
{
    private readonly ConcurrentDictionary<Authority, bool> _hosts = new();
    private readonly ConcurrentQueue<Miss> _misses = new();
    private readonly ConcurrentQueue<Gap> _gaps = new();
    private long _requests;
    private long _bytes;
    private long _missCount;
    private long _gapCount;

    public void Answered(Authority authority, long bytes)
    {
        Interlocked.Increment(ref _requests);
        Interlocked.Add(ref _bytes, bytes);
        if (!_hosts.ContainsKey(authority)) _hosts.TryAdd(authority, true);
    }

    public void Missed(Miss miss)
    {
        // Lists are cut, counts are not; the very first are those that tell where a build went astray.
        if (Interlocked.Increment(ref _missCount) <= SessionReport.LongestList) _misses.Enqueue(miss);
    }

    public void FoundGap(Gap gap)
    {
        if (Interlocked.Increment(ref _gapCount) <= SessionReport.LongestList) _gaps.Enqueue(gap);
    }

    public SessionReport Report(int active) => new()
    {
        Requests = Interlocked.Read(ref _requests),
        Bytes = Interlocked.Read(ref _bytes),
        Hosts = _hosts.Count,
        GapCount = Interlocked.Read(ref _gapCount),
        Gaps = [.. _gaps],
        MissCount = Interlocked.Read(ref _missCount),
        Misses = [.. _misses],
        Active = active,
    };
}
