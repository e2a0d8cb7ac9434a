namespace Kache.Server;

/// <summary>When a server that <c>start</c> brought up has nothing more to do.</summary>
internal static class LastSession
{
    // 'start' opens its session at once; a minute is for a machine that is very busy.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    /// <summary>Returns when there were sessions and none is left, or when none came in time.</summary>
    public static async Task WaitAsync(Func<int> running, TimeProvider clock, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        using var timer = new PeriodicTimer(Glance, clock);
        for (var seen = false; ;)
        {
            var count = running();
            if (count == 0 && (seen || clock.GetElapsedTime(began) > Patience)) return;
            seen |= count > 0;
            await timer.WaitForNextTickAsync(cancellation);
        }
    }
}
