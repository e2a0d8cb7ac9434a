using Kache.Exchanges;
using Kache.Store.Bodies;
using Kache.Store.Folder;
using Kache.Store.Journals;

namespace Kache.Store;

/// <summary>
/// What a running session has recorded: an append-only file of its own. Thread safe, without a lock
/// around I/O of the caller. An appended entry survives kill -9 at once, power loss within a second.
/// </summary>
internal sealed class SessionJournal : IAsyncDisposable
{
    // Twice in the second that a power loss may cost, so that a flush may take as long as it waited.
    private static readonly TimeSpan FlushEvery = TimeSpan.FromMilliseconds(500);

    private readonly SessionBodies _bodies;
    private readonly JournalFile _file;
    private readonly JournalTally _tally;
    private readonly SemaphoreSlim _flushing = new(1, 1);
    private readonly CancellationTokenSource _disposed = new();
    private readonly Task _flusher;
    private long _flushed;
    private long _next;
    private IOException? _failure;

    private SessionJournal(string sessionId, SessionBodies bodies, JournalFile file, JournalTally tally, long nextOrdinal, TimeProvider clock)
    {
        // Nothing counts as flushed: who wrote it before may have been killed.
        (SessionId, _bodies, _file, _tally, _next) = (sessionId, bodies, file, tally, nextOrdinal);
        _flusher = FlushRegularlyAsync(clock);
    }

    public string SessionId { get; }

    /// <summary>Counts of what was appended, kept up to date while it runs.</summary>
    public RecordingSummary Summary => _tally.Summary;

    /// <summary>
    /// Highest ordinal of a replaced credential that the journal had when it was opened, by scheme (<c>cookie</c> for cookies,
    /// empty for none), so that a restarted session goes on counting.
    /// </summary>
    public IReadOnlyDictionary<string, int> CredentialOrdinals => _tally.Credentials;

    internal SessionBodies Bodies => _bodies;

    internal JournalFile File => _file;

    /// <exception cref="DataFolderException">Another process has it, or its head is damaged.</exception>
    internal static async Task<SessionJournal> OpenAsync(StoredBodies stored, string sessionId, TimeProvider clock)
    {
        var paths = stored.Paths;
        Disk.MakeFolderForGood(paths.Session(sessionId));
        var file = JournalFile.Open(paths.Journal(sessionId), paths.Folder);
        var bodies = new SessionBodies(stored, sessionId);
        try
        {
            bodies.Recover();
            var tally = new JournalTally();
            var recovery = new JournalRecovery(file, bodies, tally, clock);
            recovery.Run();
            var journal = new SessionJournal(sessionId, bodies, file, tally, recovery.NextOrdinal, clock);
            await journal.WithdrawAsync(recovery.ToWithdraw, clock);
            return journal;
        }
        catch
        {
            file.Dispose();
            bodies.Dispose();
            throw;
        }
    }

    /// <summary>The next exchange's ordinal; taken when the request's head has arrived. Goes on after a restart.</summary>
    public long NextOrdinal() => Interlocked.Increment(ref _next) - 1;

    /// <summary>A writer for one body, whose bytes are packed with this session's other small bodies or become a blob.</summary>
    public BodyWriter CreateBody() => new(_bodies);

    /// <exception cref="StoreFullException">No room.</exception>
    public async ValueTask AppendAsync(Exchange exchange)
    {
        using (var entry = JournalEntries.Write(exchange, _file.Seed)) await AppendAsync(entry, isMark: false);
        _tally.Add(exchange);
    }

    /// <exception cref="StoreFullException">No room.</exception>
    public async ValueTask AppendAsync(NameLookup lookup)
    {
        using var entry = JournalEntries.Write(lookup, _file.Seed);
        await AppendAsync(entry, isMark: false);
    }

    /// <summary>Also works when the disk is full: a reserve is released for it.</summary>
    public async ValueTask AppendAsync(Gap gap)
    {
        using (var entry = JournalEntries.Write(gap, _file.Seed)) await AppendAsync(entry, isMark: true);
        _tally.Add(gap);
    }

    /// <summary>Returns when everything appended before is on disk.</summary>
    public async Task FlushAsync(CancellationToken cancellation)
    {
        ThrowIfFailed();
        var end = _file.End;
        if (Interlocked.Read(ref _flushed) >= end) return;
        await _flushing.WaitAsync(cancellation);
        try
        {
            if (Interlocked.Read(ref _flushed) >= end) return;
            end = _file.End;
            await Disk.RunAsync(() =>
            {
                // In this order: an entry on disk has its bodies there, but for a moment that recovery knows of.
                _bodies.Flush();
                _file.Flush();
            }, CancellationToken.None);
            Interlocked.Exchange(ref _flushed, end);
        }
        catch (IOException e)
        {
            // After a failed flush the system may have dropped what it could not write: nothing more is promised here.
            _failure = StoreFullException.Of(e, _bodies.DataFolder);
            throw _failure;
        }
        finally
        {
            _flushing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed.IsCancellationRequested) return;
        await _disposed.CancelAsync();
        await _flusher;
        try
        {
            if (_failure is null) await FlushAsync(CancellationToken.None);
        }
        finally
        {
            _file.Dispose();
            _bodies.Dispose();
            _flushing.Dispose();
            _disposed.Dispose();
        }
    }

    private async ValueTask AppendAsync(CanonicalWriter entry, bool isMark)
    {
        ThrowIfFailed();
        await _file.AppendAsync(entry.All, isMark);
    }

    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is { } failure)
            throw new IOException($"The journal of the session {SessionId} could not be written to the disk: {failure.Message} Nothing more is recorded in it.", failure);
    }

    private async Task FlushRegularlyAsync(TimeProvider clock)
    {
        using var timer = new PeriodicTimer(FlushEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_disposed.Token)) await FlushAsync(_disposed.Token);
        }
        catch (OperationCanceledException)
        {
            // The journal is being closed, and flushes once more by itself.
        }
        catch (IOException)
        {
            // Remembered: whoever appends or flushes next is told.
        }
    }

    private async Task WithdrawAsync(IReadOnlyList<Exchange> exchanges, TimeProvider clock)
    {
        foreach (var exchange in exchanges)
        {
            var request = exchange.Request;
            // Told first: told twice is better than not at all.
            await AppendAsync(new Gap(
                clock.GetUtcNow(), GapKind.NotStored, $"{request.Scheme}://{request.Authority}{request.Target}",
                "The machine lost power before the body was on its disk; the exchange is not in the recording."));
            using var entry = JournalEntries.WriteWithdrawn(exchange.Ordinal, _file.Seed);
            await AppendAsync(entry, isMark: true);
        }
    }
}
