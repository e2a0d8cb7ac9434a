using System.Collections.Concurrent;
using Kache.Exchanges.Bodies;
using Kache.Sessions;

namespace Kache.Playback.Matching;

/// <summary>What is left out of the requests of one host, by all the rules that are for it. Pure.</summary>
internal sealed class HostRules(IReadOnlyList<string> parameters, IReadOnlyList<string> bodyFields)
{
    public IgnoredFields BodyFields { get; } = new(bodyFields);

    /// <summary>The target without the parameters, and without what signs it; the rest as it was.</summary>
    public string Strip(string target)
    {
        var unsigned = SigningParameters.Strip(target) ?? target;
        var question = unsigned.IndexOf('?', StringComparison.Ordinal);
        if (question < 0 || parameters.Count == 0) return unsigned;
        var kept = unsigned[(question + 1)..].Split('&').Where(parameter => !IsIgnored(parameter.Split('=', 2)[0]));
        return string.Join('&', kept) is { Length: > 0 } query ? $"{unsigned[..question]}?{query}" : unsigned[..question];
    }

    private bool IsIgnored(string name)
    {
        foreach (var parameter in parameters)
            if (parameter.EndsWith('*') ? name.AsSpan().StartsWith(parameter.AsSpan(0, parameter.Length - 1)) : name == parameter) return true;
        return false;
    }
}

/// <summary>The rules of the configuration: the last step before a miss. Thread safe.</summary>
internal sealed class ConfiguredRules(IReadOnlyList<MatchingRule> rules)
{
    public static readonly ConfiguredRules None = new([]);

    private readonly ConcurrentDictionary<string, HostRules?> _byHost = new(StringComparer.Ordinal);

    /// <returns>Null where no rule is for the host.</returns>
    public HostRules? For(string host)
    {
        if (rules.Count == 0) return null;
        return _byHost.GetOrAdd(host, name =>
        {
            var own = rules.Where(rule => rule.IsFor(name)).ToList();
            return own.Count == 0 ? null : new HostRules([.. own.SelectMany(rule => rule.Parameters)], [.. own.SelectMany(rule => rule.BodyFields)]);
        });
    }
}
