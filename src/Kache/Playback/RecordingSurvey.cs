using Kache.Exchanges;
using Kache.Playback.Matching;
using Kache.Store;

namespace Kache.Playback;

/// <summary>
/// One pass over a recording, made once and only when somebody needs it: which targets are signed, and
/// which requests are near one that was missed. A miss never reads the recording by itself.
/// </summary>
internal sealed class RecordingSurvey(SealedRecording recording, ConfiguredRules? rules = null) : IAsyncDisposable
{
    // Enough to describe a miss; at some 200 bytes each, 20 MiB at most.
    private const int MostRequests = 100_000;
    private const int MostRequestsOfAHost = 5_000;

    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _starting = new();
    private Task<Findings>? _pass;

    /// <summary>Keys of recorded requests that sign their target, by the key without the signature.</summary>
    public async ValueTask<IReadOnlyDictionary<ExchangeKey, List<ExchangeKey>>> SignedKeysAsync(CancellationToken cancellation) =>
        (await Pass().WaitAsync(cancellation)).Signed;

    /// <summary>Keys of recorded requests of hosts that have rules, by the key without what the rules ignore.</summary>
    public async ValueTask<IReadOnlyDictionary<ExchangeKey, List<ExchangeKey>>> ConfiguredKeysAsync(CancellationToken cancellation) =>
        (await Pass().WaitAsync(cancellation)).Configured;

    /// <summary>Requests that were recorded of a host; null when that is not known within the limit.</summary>
    public async ValueTask<IReadOnlyList<RecordedKey>?> RequestsOfAsync(string host, TimeSpan limit, TimeProvider clock, CancellationToken cancellation)
    {
        try
        {
            var findings = await Pass().WaitAsync(limit, clock, cancellation);
            return findings.ByHost.GetValueOrDefault(host) ?? [];
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Returns when nothing reads the recording any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        Task? pass;
        lock (_starting) pass = _pass;
        // How it ended was told to those who waited for it.
        if (pass is not null) await pass.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _disposed.Dispose();
    }

    private Task<Findings> Pass()
    {
        lock (_starting)
        {
            return _pass ??= Task.Run(() => LookAsync(_disposed.Token));
        }
    }

    private async Task<Findings> LookAsync(CancellationToken cancellation)
    {
        var findings = new Findings();
        var seen = new HashSet<ExchangeKey>();
        var kept = 0;
        await foreach (var exchange in recording.ReadAllAsync(cancellation))
        {
            var key = recording.KeyOf(exchange.Request);
            var signs = SigningParameters.Strip(key.Target);
            var near = kept < MostRequests;
            var host = rules?.For(key.Authority.DialName);
            if ((signs is null && host is null && !near) || !seen.Add(key)) continue;
            if (host is not null)
                Entry(findings.Configured, key with { Target = host.Strip(key.Target), Body = recording.KeyOf(exchange.Request, host.BodyFields).Body }).Add(key);
            if (signs is not null) Entry(findings.Signed, key with { Target = signs }).Add(key);
            var ofHost = Entry(findings.ByHost, key.Authority.Host);
            if (!near || ofHost.Count >= MostRequestsOfAHost) continue;
            ofHost.Add(new RecordedKey(key.Method, key.Scheme, key.Authority, key.Target, key.Body));
            kept++;
        }
        return findings;
    }

    private static List<TValue> Entry<TKey, TValue>(Dictionary<TKey, List<TValue>> lists, TKey key) where TKey : notnull
    {
        if (!lists.TryGetValue(key, out var list)) lists.Add(key, list = []);
        return list;
    }

    private sealed class Findings
    {
        public Dictionary<ExchangeKey, List<ExchangeKey>> Signed { get; } = [];

        public Dictionary<ExchangeKey, List<ExchangeKey>> Configured { get; } = [];

        public Dictionary<string, List<RecordedKey>> ByHost { get; } = new(StringComparer.Ordinal);
    }
}
