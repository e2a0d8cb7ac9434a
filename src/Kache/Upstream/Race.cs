namespace Kache.Upstream;

/// <summary>
/// Several ways to the same thing, in their order: the next begins when one has failed, and beside it when one is slow.
/// The first that succeeds wins, the others are called off.
/// </summary>
internal static class Race
{
    /// <param name="run">One way; its failure is a value. It ends with the token, by being cancelled.</param>
    /// <param name="discard">Takes what succeeded too late.</param>
    /// <returns>All that ended, in the order in which they did: the winner is the last, if any won.</returns>
    public static async Task<IReadOnlyList<TResult>> RunAsync<TWay, TResult>(
        IReadOnlyList<TWay> ways, Func<TWay, CancellationToken, Task<TResult>> run, Func<TResult, bool> succeeded, Action<TResult> discard,
        TimeSpan headStart, TimeProvider clock, CancellationToken cancellation)
    {
        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = new List<Task<TResult>>();
        var ended = new List<TResult>();
        try
        {
            for (var next = 0; next < ways.Count || running.Count > 0;)
            {
                if (next < ways.Count) running.Add(run(ways[next++], others.Token));
                var first = await FirstAsync(running, next < ways.Count ? headStart : Timeout.InfiniteTimeSpan, clock, cancellation);
                if (first is null) continue;
                running.Remove(first);
                var result = await first;
                ended.Add(result);
                if (succeeded(result)) break;
            }
            return ended;
        }
        finally
        {
            await others.CancelAsync();
            foreach (var late in running) _ = DiscardAsync(late, discard);
        }
    }

    /// <returns>Null when none ended within the patience.</returns>
    private static async Task<Task<TResult>?> FirstAsync<TResult>(
        List<Task<TResult>> running, TimeSpan patience, TimeProvider clock, CancellationToken cancellation)
    {
        try
        {
            return await Task.WhenAny(running).WaitAsync(patience, clock, cancellation);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private static async Task DiscardAsync<TResult>(Task<TResult> late, Action<TResult> discard)
    {
        try
        {
            discard(await late);
        }
        catch (OperationCanceledException)
        {
            // What it was called off with.
        }
    }
}
