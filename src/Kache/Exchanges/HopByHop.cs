using System.Collections.Frozen;

namespace Kache.Exchanges;

/// <summary>
/// Which fields belong to one connection only and are neither passed on nor kept (RFC 9110 §7.6.1):
/// a fixed few, and whatever Connection names. Names in lower case. Pure.
/// </summary>
internal readonly struct HopByHop
{
    private static readonly FrozenSet<string> Always = new[]
    {
        "connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade",
        // Speaks of the h2c offer, which goes no further (RFC 7540 §3.2.1).
        "http2-settings",
    }.ToFrozenSet(StringComparer.Ordinal);

    // A sender that lists one of these in Connection is wrong, and obeying it would change what the message means.
    private static readonly FrozenSet<string> Never = new[]
    {
        "host", "content-length", "content-type", "content-encoding", "content-range", "authorization", "cookie",
        "cache-control", "set-cookie", "location", "range", "etag", "vary",
    }.ToFrozenSet(StringComparer.Ordinal);

    private readonly HashSet<string>? _named;

    private HopByHop(HashSet<string>? named) => _named = named;

    /// <param name="connection">The lines of the message's Connection field.</param>
    public static HopByHop Of(IEnumerable<string?> connection)
    {
        HashSet<string>? named = null;
        foreach (var line in connection)
        {
            foreach (var option in (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (option.Equals("close", StringComparison.OrdinalIgnoreCase) || option.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)) continue;
                var name = option.ToLowerInvariant();
                if (!Never.Contains(name)) (named ??= new HashSet<string>(StringComparer.Ordinal)).Add(name);
            }
        }
        return new HopByHop(named);
    }

    public bool Includes(string name) => Always.Contains(name) || (_named?.Contains(name) ?? false);
}
