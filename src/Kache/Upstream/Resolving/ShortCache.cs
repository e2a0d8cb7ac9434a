namespace Kache.Upstream.Resolving;

/// <summary>
/// Answers shared for a short time: who asks while one is on its way waits for it, who asks soon after gets it.
/// Bounded; thread safe.
/// </summary>
/// <param name="lasts">From when the answer is there.</param>
internal sealed class ShortCache<TKey, TValue>(TimeSpan lasts, int most, TimeProvider clock)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Entry> _entries = [];
    private readonly Queue<(TKey Key, Entry Entry)> _oldest = new();

    /// <param name="find">Runs once, whoever stops waiting for it; has to end by itself.</param>
    public Task<TValue> GetAsync(TKey key, Func<TKey, Task<TValue>> find, CancellationToken cancellation)
    {
        Task<TValue> answer;
        lock (_lock)
        {
            Forget();
            if (!_entries.TryGetValue(key, out var entry) || IsOver(entry))
            {
                entry = new Entry();
                _entries[key] = entry;
                _oldest.Enqueue((key, entry));
                entry.Answer = RunAsync(key, entry, find);
            }
            answer = entry.Answer;
        }
        return answer.WaitAsync(cancellation);
    }

    private async Task<TValue> RunAsync(TKey key, Entry entry, Func<TKey, Task<TValue>> find)
    {
        // Not under the caller's lock.
        await Task.Yield();
        try
        {
            return await find(key);
        }
        finally
        {
            Volatile.Write(ref entry.Since, clock.GetTimestamp());
        }
    }

    // In the order of asking, which is nearly that of ending: what a slow answer holds back here is still not given out.
    private void Forget()
    {
        while (_oldest.TryPeek(out var first) && (_oldest.Count > most || IsOver(first.Entry)))
        {
            _oldest.Dequeue();
            if (_entries.TryGetValue(first.Key, out var current) && current == first.Entry) _entries.Remove(first.Key);
        }
    }

    private bool IsOver(Entry entry) => Volatile.Read(ref entry.Since) is not 0 and var since && clock.GetElapsedTime(since) >= lasts;

    private sealed class Entry
    {
        public Task<TValue> Answer = null!;

        /// <summary>When the answer was there; 0 while it is not.</summary>
        public long Since;
    }
}
