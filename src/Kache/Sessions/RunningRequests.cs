namespace Kache.Sessions;

/// <summary>Counts what is under way, so that the session's end can wait for it (BEHAVIOUR H26).</summary>
internal sealed class RunningRequests
{
    private const long Closed = 1L << 32;

    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _state;

    public int Count => (int)(Interlocked.Read(ref _state) & 0xFFFFFFFF);

    public bool IsClosed => (Interlocked.Read(ref _state) & Closed) != 0;

    /// <returns>False when no more are taken.</returns>
    public bool TryEnter()
    {
        if ((Interlocked.Increment(ref _state) & Closed) == 0) return true;
        Leave();
        return false;
    }

    public void Leave()
    {
        if (Interlocked.Decrement(ref _state) == Closed) _idle.TrySetResult();
    }

    /// <summary>Takes no more; the task completes when the last has left.</summary>
    public Task CloseAsync()
    {
        if (Interlocked.Or(ref _state, Closed) is 0 or Closed) _idle.TrySetResult();
        return _idle.Task;
    }
}
