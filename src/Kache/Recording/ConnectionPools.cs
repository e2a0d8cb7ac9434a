using System.Collections.Concurrent;
using Kache.Exchanges;
using Kache.Upstream;
using Microsoft.AspNetCore.Connections.Features;

namespace Kache.Recording;

/// <summary>
/// Which connections to an origin a request may use. NTLM and Negotiate authenticate a connection and not a request
/// (RFC 4559): from such a challenge on, the client's connection has one of its own to that origin, as long as it lasts,
/// and nobody else's requests go out on it (BEHAVIOUR H27).
/// </summary>
internal sealed class ConnectionPools(UpstreamHttp http, OriginRules rules) : IDisposable
{
    private readonly UpstreamPool _shared = http.CreatePool(rules);
    private readonly ConcurrentDictionary<(string Client, Authority Origin), UpstreamPool> _pinned = new();

    public UpstreamPool For(HttpContext context, Authority origin)
    {
        if (!_pinned.IsEmpty && _pinned.TryGetValue((context.Connection.Id, origin), out var own)) return own;
        // A client that was challenged on another connection begins here with its answer.
        return context.Request.Headers.Authorization.Any(line => line is not null && NamesOne(line)) ? Pin(context, origin) : _shared;
    }

    /// <summary>Looks for a challenge in an answer's head, before the client sees it.</summary>
    public void Heed(HttpContext context, Authority origin, int status, Fields fields)
    {
        if (status != StatusCodes.Status401Unauthorized) return;
        foreach (var (name, value) in fields)
            if (name == "www-authenticate" && NamesOne(value)) Pin(context, origin);
    }

    public void Dispose()
    {
        _shared.Dispose();
        foreach (var key in _pinned.Keys) Drop(key);
    }

    private UpstreamPool Pin(HttpContext context, Authority origin)
    {
        var key = (context.Connection.Id, origin);
        var fresh = http.CreatePool(rules, pinned: true);
        var pool = _pinned.GetOrAdd(key, fresh);
        if (pool != fresh) fresh.Dispose();
        else context.Features.Get<IConnectionLifetimeFeature>()?.ConnectionClosed.UnsafeRegister(_ => Drop(key), null);
        return pool;
    }

    private void Drop((string, Authority) key)
    {
        if (_pinned.TryRemove(key, out var pool)) pool.Dispose();
    }

    /// <summary>Several challenges may stand in one line (RFC 9110 §11.6.1).</summary>
    private static bool NamesOne(string line) => line.Split(',').Any(part =>
        part.Trim().Split(' ', 2)[0] is { } scheme
        && (scheme.Equals("NTLM", StringComparison.OrdinalIgnoreCase) || scheme.Equals("Negotiate", StringComparison.OrdinalIgnoreCase)));
}
