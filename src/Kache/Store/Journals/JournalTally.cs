using System.Collections.Concurrent;
using System.Globalization;
using Kache.Exchanges;

namespace Kache.Store.Journals;

/// <summary>What a journal holds, counted while it is written or read again. Thread safe.</summary>
internal sealed class JournalTally
{
    private readonly ConcurrentDictionary<Authority, bool> _hosts = new();
    private readonly Dictionary<string, int> _credentials = new(StringComparer.Ordinal);
    private long _requests;
    private long _bytes;
    private int _gaps;

    public RecordingSummary Summary =>
        new(Interlocked.Read(ref _requests), Interlocked.Read(ref _bytes), _hosts.Count, Volatile.Read(ref _gaps));

    /// <summary>Highest ordinal by scheme, of what was read again; what is appended later is known to who counts.</summary>
    public IReadOnlyDictionary<string, int> Credentials => _credentials;

    public void Add(Exchange exchange)
    {
        Interlocked.Increment(ref _requests);
        Interlocked.Add(ref _bytes, exchange.Response.Body.Length);
        _hosts.TryAdd(exchange.Request.Authority, true);
    }

    public void Add(Gap gap)
    {
        _ = gap;
        Interlocked.Increment(ref _gaps);
    }

    /// <summary>Credentials stand as <c>Scheme #n</c>, or <c>#n</c> where there was no scheme; cookies are counted apart.</summary>
    public void ReadCredentials(Fields fields)
    {
        foreach (var (name, value) in fields)
        {
            if (name is not ("authorization" or "proxy-authorization" or "cookie")) continue;
            var mark = value.LastIndexOf('#');
            if (mark < 0 || !int.TryParse(value.AsSpan(mark + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)) continue;
            var scheme = name == "cookie" ? "cookie" : value[..mark].TrimEnd(' ');
            if (_credentials.GetValueOrDefault(scheme) < ordinal) _credentials[scheme] = ordinal;
        }
    }
}
