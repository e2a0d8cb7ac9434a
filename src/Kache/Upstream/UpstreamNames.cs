using System.Net;
using Kache.Dns.Messages;
using Kache.Upstream.Resolving;

namespace Kache.Upstream;

/// <summary>What an upstream resolver said about whether a host exists.</summary>
internal abstract record HostLookup
{
    /// <param name="Addresses">Empty when it is the upstream proxy that will resolve the name.</param>
    internal sealed record Exists(IReadOnlyList<IPAddress> Addresses) : HostLookup;

    /// <summary>It has no address of either family.</summary>
    internal sealed record DoesNotExist : HostLookup;

    /// <summary>SERVFAIL, or nothing in time.</summary>
    internal sealed record Unknown(string Reason, bool TimedOut = false) : HostLookup;

    private HostLookup()
    {
    }
}

/// <summary>
/// Kache's own stub resolver: never the machine's, so that it cannot ask itself. Answers within 2 s, whatever happens.
/// Answers are shared for a short time, so that a name which was answered is dialled by the same look-up. The server's
/// /etc/hosts applies, search suffixes do not.
/// </summary>
internal sealed class UpstreamNames
{
    // Long enough for the dial that follows an answer, as short as the answers that Kache gives (BEHAVIOUR N4).
    private static readonly TimeSpan Shared = TimeSpan.FromSeconds(5);

    // A build asks for some hundred names; some KiB each when they are large.
    private const int MostShared = 4096;

    // RFC 8305 §3 waits 50 ms for the other family; resolvers that fetch both from afar are given more, once a name.
    private static readonly TimeSpan OtherFamilyWait = TimeSpan.FromMilliseconds(300);

    private readonly StubResolver _resolver;
    private readonly WatchedFile<IReadOnlyDictionary<string, IReadOnlyList<IPAddress>>> _hosts;
    private readonly bool _throughProxy;
    private readonly TimeProvider _clock;
    private readonly ShortCache<string, HostLookup> _lookups;
    private readonly ShortCache<(string Name, int Type), StubAnswer> _answers;

    public UpstreamNames(UpstreamResolvers resolvers, UpstreamOptions options, TimeProvider clock, string hostsFile = HostsFile.Path)
    {
        _resolver = new StubResolver(resolvers, clock);
        _hosts = new WatchedFile<IReadOnlyDictionary<string, IReadOnlyList<IPAddress>>>(hostsFile, HostsFile.Parse);
        _throughProxy = options.Proxy is not null;
        _clock = clock;
        _lookups = new ShortCache<string, HostLookup>(Shared, MostShared, clock);
        _answers = new ShortCache<(string, int), StubAnswer>(Shared, MostShared, clock);
    }

    /// <summary>
    /// Whether a host exists: A and AAAA, once, shared between the DNS answer and the dial. With an upstream proxy
    /// every name exists, since the proxy resolves.
    /// </summary>
    public ValueTask<HostLookup> LookUpHostAsync(string host, CancellationToken cancellation) =>
        _throughProxy && !IPAddress.TryParse(host, out _) ? new(new HostLookup.Exists([])) : ResolveAsync(host, cancellation);

    /// <summary>The addresses of a host, also with an upstream proxy (whose own name has to be known).</summary>
    public async ValueTask<HostLookup> ResolveAsync(string host, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host, out var literal)) return new HostLookup.Exists([literal]);
        var name = host.TrimEnd('.').ToLowerInvariant();
        if (name == "localhost" || name.EndsWith(".localhost", StringComparison.Ordinal))
            return new HostLookup.Exists([IPAddress.Loopback, IPAddress.IPv6Loopback]);
        if (_hosts.Read().TryGetValue(name, out var known)) return new HostLookup.Exists(known);
        return await _lookups.GetAsync(name, AskBothAsync, cancellation);
    }

    /// <summary>Any other type: the upstream's message as received, or null when none came.</summary>
    public async ValueTask<(int ResponseCode, byte[] Message)?> QueryAsync(string name, int type, CancellationToken cancellation)
    {
        var answer = await _answers.GetAsync((name, type), key => _resolver.AskAsync(key.Name, key.Type, CancellationToken.None), cancellation);
        return answer.Message is null ? null : ((int)answer.Code, answer.Message);
    }

    private async Task<HostLookup> AskBothAsync(string name)
    {
        using var calledOff = new CancellationTokenSource();
        var four = _resolver.AskAsync(name, RecordType.A, calledOff.Token);
        var six = _resolver.AskAsync(name, RecordType.Aaaa, calledOff.Token);
        var first = await Task.WhenAny(four, six);
        var second = first == four ? six : four;
        var early = await first;
        // One family with addresses settles that the host exists; the other gets a moment more, not the whole limit.
        var patience = HostVerdict.AddressesOf(early, first == four ? RecordType.A : RecordType.Aaaa).Count > 0 ? OtherFamilyWait : Timeout.InfiniteTimeSpan;
        StubAnswer? late = null;
        try
        {
            late = await second.WaitAsync(patience, _clock, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            await calledOff.CancelAsync();
        }
        return first == four ? HostVerdict.Of(early, late) : HostVerdict.Of(late, early);
    }
}
