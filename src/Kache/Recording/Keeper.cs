using System.Collections.Concurrent;
using Kache.Exchanges;
using Kache.Sessions;
using Kache.Store;
using SessionOptions = Kache.Sessions.SessionOptions;

namespace Kache.Recording;

/// <summary>What a session keeps and where: exchanges, names and gaps in its journal, answers in its log.</summary>
internal sealed partial class Keeper(SessionSetup setup, SessionJournal journal, TimeProvider clock, ILogger logger)
{
    // After the disk was found full, how long new requests are refused without trying again.
    private static readonly TimeSpan RetryRoomAfter = TimeSpan.FromSeconds(2);

    private readonly ConcurrentQueue<Gap> _gaps = new();
    private long _gapCount;
    private string? _full;
    private long _fullSince;

    public SessionJournal Journal => journal;

    public SessionOptions Options => setup.Options;

    public TimeProvider Clock => clock;

    public CredentialVeil Veil { get; } = new(journal.CredentialOrdinals);

    public KeptWholes Wholes { get; } = new();

    public long GapCount => Interlocked.Read(ref _gapCount);

    /// <summary>The first ones, in the order in which they came.</summary>
    public IReadOnlyList<Gap> Gaps => [.. _gaps];

    /// <summary>Times of exchanges are UTC with microseconds.</summary>
    public DateTimeOffset Now()
    {
        var now = clock.GetUtcNow();
        return new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
    }

    /// <returns>Why no new request can be kept; null when it can.</returns>
    public string? NoRoom() =>
        Volatile.Read(ref _full) is { } why && clock.GetElapsedTime(Interlocked.Read(ref _fullSince)) < RetryRoomAfter ? why : null;

    public KeptBody CreateBody() => new(journal.CreateBody());

    /// <returns>False when the store did not take it; a gap says so.</returns>
    public async ValueTask<bool> KeepAsync(Exchange exchange, string url)
    {
        try
        {
            await journal.AppendAsync(exchange);
            Volatile.Write(ref _full, null);
            return true;
        }
        catch (IOException e)
        {
            await NotStoredAsync(url, e.Message);
            return false;
        }
    }

    public async ValueTask KeepAsync(NameLookup lookup)
    {
        try
        {
            await journal.AppendAsync(lookup);
        }
        catch (IOException e)
        {
            await NotStoredAsync(lookup.Name, e.Message);
        }
    }

    public ValueTask NotStoredAsync(string where, string why)
    {
        Interlocked.Exchange(ref _fullSince, clock.GetTimestamp());
        Volatile.Write(ref _full, why);
        return GapAsync(GapKind.NotStored, where, $"The store did not take it: {why}");
    }

    public async ValueTask GapAsync(GapKind kind, string where, string detail)
    {
        var gap = new Gap(Now(), kind, where, detail);
        if (Interlocked.Increment(ref _gapCount) <= SessionReport.LongestList) _gaps.Enqueue(gap);
        try
        {
            await journal.AppendAsync(gap);
        }
        catch (IOException e)
        {
            // It stays in the report of this process; nothing better can be done on a disk that takes no mark.
            LogGapLost(kind, where, e.Message);
        }
    }

    public void Answered(DateTimeOffset at, string method, string url, int status, long bytes, TimeSpan took, string step) =>
        setup.Log.Add(new AnsweredRequest(at, method, url, status, bytes, took, step));

    [LoggerMessage(Level = LogLevel.Error, Message = "A gap ({Kind} {Where}) could not be written: {Reason}")]
    private partial void LogGapLost(GapKind kind, string where, string reason);

    /// <summary>For whoever wonders why a recording answers no other pieces than those that were asked for.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "The whole of {Url} was not fetched: {Reason}")]
    public partial void TellNoWhole(string url, string reason);
}
