namespace Kache.Recording;

/// <summary>
/// How long a request goes on towards its origin: while its client waits; then, for the recording's sake, as long
/// as the rest is within reach (BEHAVIOUR H12); and never beyond the session's end.
/// </summary>
internal sealed class Linger : IDisposable
{
    // What is fetched for a client that has gone. Package managers break off what they have or what they retry:
    // most such files are smaller than this, and an endless stream is cut here.
    public const long LongestRest = 64 * 1024 * 1024;

    // 64 MiB at 5 Mbit/s; a dripping stream is cut here.
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource _stop;
    private readonly CancellationTokenRegistration _sessionEnds;
    private readonly CancellationTokenRegistration _clientLeaves;
    private readonly CancellationToken _breakOff;
    private long _receivedWhenLeft = -1;

    /// <param name="clientGone">When the client breaks off or its connection does.</param>
    /// <param name="breakOff">When the session's end waits no longer.</param>
    /// <param name="mayGoOn">Asked when the client has gone: without its whole request there is nothing to go on with.</param>
    public Linger(CancellationToken clientGone, CancellationToken breakOff, Func<bool> mayGoOn, TimeProvider clock)
    {
        _breakOff = breakOff;
        _stop = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        _sessionEnds = breakOff.UnsafeRegister(static stop => ((CancellationTokenSource)stop!).Cancel(), _stop);
        _clientLeaves = clientGone.UnsafeRegister(_ => _stop.CancelAfter(mayGoOn() ? LongestWait : TimeSpan.Zero), null);
    }

    public CancellationToken Stop => _stop.Token;

    /// <summary>One sentence, for when <see cref="Stop"/> was asked for.</summary>
    public string WhyStopped => _breakOff.IsCancellationRequested
        ? "The session was stopped before the answer had ended."
        : "The client went away, and the rest did not come in time.";

    /// <summary>Asked after each chunk that comes for a client that has gone.</summary>
    /// <param name="remaining">Bytes still promised; null when the end is not known.</param>
    /// <param name="received">Bytes so far.</param>
    /// <returns>Why the rest is not fetched, one sentence; null to go on.</returns>
    public string? Over(long? remaining, long received)
    {
        if (_receivedWhenLeft < 0) _receivedWhenLeft = received;
        if (remaining > LongestRest) return $"The client went away with {remaining} bytes to come, which is more than is fetched without it.";
        return received - _receivedWhenLeft > LongestRest ? "The client went away from an answer that does not end soon." : null;
    }

    public void Dispose()
    {
        _sessionEnds.Dispose();
        _clientLeaves.Dispose();
        _stop.Dispose();
    }
}
