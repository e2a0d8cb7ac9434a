using System.Collections.Concurrent;
using System.Net.Security;

namespace Kache.Certificates;

/// <summary>A ready leaf context per name, made once, bounded in number, renewed before it ends.</summary>
internal sealed class LeafCertificates(CertificateAuthority authority, TimeProvider clock)
{
    // Names of a large build; some 10 KiB each. Beyond it, those that are made first go first.
    private const int MostLeaves = 4096;

    // Long before its end, so that a connection opened now does not outlive its leaf.
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    private readonly ConcurrentDictionary<string, Lazy<Leaf>> _leaves = new(StringComparer.Ordinal);

    /// <summary>Leaves that are kept.</summary>
    public int Count => _leaves.Count;

    /// <param name="host">A DNS name in lower case, or an IP address without brackets.</param>
    /// <exception cref="ArgumentException">Not a name that a certificate can hold.</exception>
    public SslStreamCertificateContext For(string host)
    {
        if (!LeafName.TryParse(host, out var name)) throw new ArgumentException($"'{host}' is neither a DNS name nor an IP address", nameof(host));
        var leaf = _leaves.GetOrAdd(name, Fresh);
        if (leaf.Value.RenewAt < clock.GetUtcNow())
        {
            _leaves.TryUpdate(name, Fresh(name), leaf);
            leaf = _leaves.GetOrAdd(name, Fresh);
        }
        if (_leaves.Count > MostLeaves) Forget();
        return leaf.Value.Context;
    }

    /// <summary>Makes leaves ahead for names that are known to come, in the background.</summary>
    public void Prepare(IEnumerable<string> hosts)
    {
        var names = hosts.Where(host => LeafName.TryParse(host, out _)).Take(MostLeaves / 2).ToList();
        _ = Task.Run(() =>
        {
            foreach (var name in names) _ = For(name);
        });
    }

    // Whoever comes first makes it; the others wait a millisecond for the same one.
    private Lazy<Leaf> Fresh(string name) => new(() =>
    {
        var certificate = authority.Issue(name);
        var now = clock.GetUtcNow();
        var end = new DateTimeOffset(certificate.NotAfter);
        return new Leaf(
            SslStreamCertificateContext.Create(certificate, authority.Issuers, offline: true),
            now, end - RenewBefore > now ? end - RenewBefore : end);
    });

    private void Forget()
    {
        foreach (var (host, _) in _leaves.Where(l => l.Value.IsValueCreated).OrderBy(l => l.Value.Value.MadeAt).Take(MostLeaves / 4).ToList())
            _leaves.TryRemove(host, out _);
    }

    private sealed record Leaf(SslStreamCertificateContext Context, DateTimeOffset MadeAt, DateTimeOffset RenewAt);
}
