namespace Kache.Sessions;

/// <summary>One request that a session answered.</summary>
/// <param name="Step">Which rule answered: <c>recorded</c>, <c>exact</c>, <c>head-from-get</c>, …, <c>miss</c> (docs/matching.md).</param>
internal sealed record AnsweredRequest(DateTimeOffset At, string Method, string Url, int Status, long Bytes, TimeSpan Took, string Step);

/// <summary>The session's log file, one JSON line an answer. Adding never blocks; a background writer appends in batches.</summary>
internal sealed class SessionLog : IAsyncDisposable
{
    /// <summary>Where a session's log is in a data folder; it outlives the session.</summary>
    public static string FileOf(string dataFolder, string sessionId) => Path.Combine(dataFolder, "sessions", sessionId, "log.jsonl");

    public static SessionLog Open(string file) => throw new NotImplementedException();

    /// <summary>What a log holds so far, oldest first; nothing when there is no such file. A line that is torn or unknown is passed over.</summary>
    public static IAsyncEnumerable<AnsweredRequest> ReadAsync(string file, CancellationToken cancellation) => throw new NotImplementedException();

    public void Add(AnsweredRequest answer) => throw new NotImplementedException();

    /// <summary>Also keeps misses and counts, so that a report survives a restart.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
