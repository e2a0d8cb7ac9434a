namespace Kache.Server;

/// <summary>When a server that <c>start</c> brought up has nothing more to do.</summary>
internal static class LastSession
{
    // 'start' opens its session at once; a minute is for a machine that is very busy.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    /// <summary>Returns when there were sessions and none is left, or when none came in time.</summary>
    /// <param name="served">Whether there ever was one: a session may begin and end between two glances.</param>
    public static async Task WaitAsync(Func<int> running, Func<bool> served, TimeProvider clock, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        using var timer = new PeriodicTimer(Glance, clock);
        while (running() > 0 || (!served() && clock.GetElapsedTime(began) <= Patience)) await timer.WaitForNextTickAsync(cancellation);
    }
}
