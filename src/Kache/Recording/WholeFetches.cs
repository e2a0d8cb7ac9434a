using System.Collections.Concurrent;
using Kache.Exchanges;
using Kache.Sessions;
using Kache.Upstream;

namespace Kache.Recording;

/// <summary>
/// Which wholes are fetched behind a client that asks for pieces (BEHAVIOUR H8), each once: those of up to
/// <see cref="SmallWhole"/> bytes, and larger ones when half of them was asked for. The client waits for none of it; the
/// session's end waits for what was begun.
/// </summary>
internal sealed class WholeFetches(Keeper keeper, RunningRequests running, CancellationToken breakOff) : IDisposable
{
    // Nearly every package of every registry is smaller.
    public const long SmallWhole = 64 * 1024 * 1024;

    // Beside what the client itself asks for.
    private const int MostAtOnce = 4;

    // A client that reads the ends of more files than this at the same time gets the wholes of the first ones.
    private const int MostWaiting = 256;

    private const int MostResources = 50_000;

    private readonly ConcurrentDictionary<(ExchangeKey Resource, string? Validator), Pieces> _asked = new();
    private readonly SemaphoreSlim _turns = new(MostAtOnce);
    private int _waiting;

    private sealed class Pieces
    {
        public ByteCoverage Asked { get; } = new();

        public bool Begun { get; set; }
    }

    public void Consider(PieceSeen piece)
    {
        // A connection that authenticates its client is nobody else's, and one request at a time goes over it.
        if (piece.Pool.Pinned || !IsWanted(piece, out var limit)) return;
        if (Interlocked.Increment(ref _waiting) > MostWaiting || !running.TryEnter())
        {
            Interlocked.Decrement(ref _waiting);
            return;
        }
        _ = FetchInTurnAsync(piece, limit);
    }

    public void Dispose() => _turns.Dispose();

    private bool IsWanted(PieceSeen piece, out long limit)
    {
        limit = SmallWhole;
        var range = piece.Range;
        var validator = Validators.Strong(piece.Answer);
        // An answer that no range could be taken from has no pieces: only the whole will do in playback.
        var unsatisfied = range is { First: null };
        if (validator is null && !unsatisfied || validator is not null && IsKept(piece, validator)) return false;
        if (_asked.Count >= MostResources) _asked.Clear();
        var pieces = _asked.GetOrAdd((KeyOf(piece), validator), _ => new Pieces());
        lock (pieces)
        {
            if (pieces.Begun) return false;
            if (range is { First: { } first, Last: { } last }) pieces.Asked.Add(first, last - first + 1);
            if (range?.Total is { } total && total > SmallWhole)
            {
                if (pieces.Asked.Length < total / 2) return false;
                limit = long.MaxValue;
            }
            return pieces.Begun = true;
        }
    }

    private bool IsKept(PieceSeen piece, string validator) =>
        keeper.Wholes.Hold(piece.Route, piece.Asked.First("host"), validator.StartsWith('"') ? new ClientConditions(validator, null) : new ClientConditions(null, validator));

    private static ExchangeKey KeyOf(PieceSeen piece) =>
        ExchangeKey.Of("GET", piece.Route.Scheme, piece.Route.Authority, piece.Asked.First("host"), piece.Route.Target, Digest.Empty);

    private async Task FetchInTurnAsync(PieceSeen piece, long limit)
    {
        try
        {
            // The client's answer does not wait for this.
            await Task.Yield();
            await _turns.WaitAsync(breakOff);
            try
            {
                await WholeFetch.RunAsync(piece, limit, keeper, breakOff);
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or UpstreamException || FailureReading.Read(e) is not null)
        {
            // The pieces that the client asked for are kept; more was not promised.
            keeper.TellNoWhole(RouteText.Url(piece.Route), e.Message);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
            running.Leave();
        }
    }
}
