using Kache.Exchanges;

namespace Kache.Sessions;

/// <param name="At">When it was asked for.</param>
/// <param name="Method">Of the request; <c>CONNECT</c> for a refused tunnel.</param>
/// <param name="Url">Scheme, authority and target.</param>
/// <param name="Closest">The nearest recorded request and what differs, one sentence; null when nothing is near.</param>
internal sealed record Miss(DateTimeOffset At, string Method, string Url, string? Closest);

/// <summary>How a session went so far. Lists are cut at <see cref="LongestList"/>; counts are not.</summary>
internal sealed record SessionReport
{
    public const int LongestList = 1000;

    public long Requests { get; init; }

    /// <summary>Bytes of response bodies sent to the client.</summary>
    public long Bytes { get; init; }

    public int Hosts { get; init; }

    public long GapCount { get; init; }

    public IReadOnlyList<Gap> Gaps { get; init; } = [];

    public long MissCount { get; init; }

    public IReadOnlyList<Miss> Misses { get; init; } = [];

    /// <summary>Requests under way.</summary>
    public int Active { get; init; }
}
