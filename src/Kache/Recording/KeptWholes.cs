using System.Collections.Concurrent;
using System.Collections.Immutable;
using Kache.Exchanges;
using Kache.Sessions;

namespace Kache.Recording;

/// <summary>
/// Which wholes the recording holds, by their validators: from then on, conditions go to the origin as the client sends them.
/// A session that was restarted begins anew and asks for some wholes twice, which costs a transfer and nothing else.
/// </summary>
internal sealed class KeptWholes
{
    // At some 400 bytes each, 20 MiB. A build of more resources than this asks for some of them twice.
    private const int MostResources = 50_000;

    // An origin that changes its tag with every answer has no use for more.
    private const int MostOfOne = 8;

    private readonly ConcurrentDictionary<ExchangeKey, ImmutableArray<Fields>> _validators = new();

    /// <param name="answer">Of a complete 200 to a GET.</param>
    public void Add(RequestRoute route, string? host, Fields answer)
    {
        var validators = new Fields([.. answer.Where(field => field.Name is "etag" or "last-modified")]);
        if (validators.Count == 0) return;
        if (_validators.Count >= MostResources) _validators.Clear();
        _validators.AddOrUpdate(KeyOf(route, host), [validators], (_, known) => With(known, validators));
    }

    /// <summary>Whatever the origin answers "not modified" to, the recording has it.</summary>
    public bool Hold(RequestRoute route, string? host, ClientConditions conditions)
    {
        if (!_validators.TryGetValue(KeyOf(route, host), out var known)) return false;
        if (conditions.IfNoneMatch is not { } tags) return known.Any(answer => conditions.AreMetBy(200, answer));
        var asked = Validators.Opaque(tags).ToList();
        return asked.Count > 0 && asked.TrueForAll(tag => known.Any(answer => Validators.AreCurrent(tag, null, answer)));
    }

    private static ImmutableArray<Fields> With(ImmutableArray<Fields> known, Fields validators) =>
        known.Contains(validators) ? known : [.. known.TakeLast(MostOfOne - 1), validators];

    private static ExchangeKey KeyOf(RequestRoute route, string? host) =>
        ExchangeKey.Of("GET", route.Scheme, route.Authority, host, route.Target, Digest.Empty);
}
