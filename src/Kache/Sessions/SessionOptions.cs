namespace Kache.Sessions;

internal enum SessionMode
{
    Record,
    Playback,
}

/// <summary>What <c>start</c>, <c>run</c> and <c>session open</c> can say about a session.</summary>
internal sealed record SessionOptions
{
    /// <summary>Gaps and misses fail the stop. Default false.</summary>
    public bool Strict { get; init; }

    /// <summary>Hosts (<c>host</c>) and suffixes (<c>.suffix</c>) that are tunnelled untouched.</summary>
    public IReadOnlyList<string> Bypass { get; init; } = [];

    /// <summary>Hosts and suffixes whose requests are refused at once, in both modes, and count nowhere.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary>What does not tell requests apart, host by host.</summary>
    public IReadOnlyList<MatchingRule> Matching { get; init; } = [];

    /// <summary>Hosts to which HTTP/1.1 only is spoken, on both sides.</summary>
    public IReadOnlyList<string> Http1 { get; init; } = [];

    /// <summary>Hosts whose certificate is not verified.</summary>
    public IReadOnlyList<string> InsecureUpstream { get; init; } = [];

    /// <summary>Extra ports the client's traffic is expected on, beyond 80 and 443.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];

    /// <summary>Playback answers transient failures as they were recorded. Default false.</summary>
    public bool Faithful { get; init; }

    /// <summary>It lives in a process of its own (<c>run</c>) and ends with it: a server does not take it over. Default false.</summary>
    public bool Standalone { get; init; }

    public bool IsBypassed(string host) => Matches(Bypass, host);

    public bool IsIgnored(string host) => Matches(Ignore, host);

    public bool IsHttp1(string host) => Matches(Http1, host);

    public bool IsInsecure(string host) => Matches(InsecureUpstream, host);

    private static bool Matches(IReadOnlyList<string> patterns, string host)
    {
        foreach (var pattern in patterns)
            if (HostPattern.Matches(pattern, host)) return true;
        return false;
    }
}
