namespace Kache.Sessions;

/// <summary>What does not tell two requests of a host apart.</summary>
/// <param name="Host">A host, a suffix that begins with a dot, or <c>*</c> for every host.</param>
/// <param name="Parameters">Names of query parameters; one that ends in <c>*</c> stands for all that begin so.</param>
/// <param name="BodyFields">Fields of forms and multiparts by name, of JSON by the names that lead there, joined by dots.</param>
internal sealed record MatchingRule(string Host, IReadOnlyList<string> Parameters, IReadOnlyList<string> BodyFields)
{
    public const string EveryHost = "*";

    public bool IsFor(string host) => Host == EveryHost || HostPattern.Matches(Host, host);
}

/// <summary>What a server's configuration says of every session.</summary>
internal sealed record SessionRules(IReadOnlyList<string> Bypass, IReadOnlyList<string> Ignore, IReadOnlyList<MatchingRule> Matching)
{
    public static readonly SessionRules None = new([], [], []);

    /// <summary>They hold beside what was said when the session was opened.</summary>
    public SessionOptions AddTo(SessionOptions options) => options with
    {
        Bypass = [.. options.Bypass.Union(Bypass, StringComparer.Ordinal)],
        Ignore = [.. options.Ignore.Union(Ignore, StringComparer.Ordinal)],
        Matching = [.. options.Matching, .. Matching],
    };
}
