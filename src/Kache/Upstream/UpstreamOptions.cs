using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Kache.Upstream;

/// <summary>How the origins are reached.</summary>
internal sealed record UpstreamOptions
{
    /// <summary>
    /// Resolvers to ask, in order. Empty (the default) for the machine's own, as they are when they are asked and never
    /// Kache itself; whoever points the machine at Kache says here which ones it had before.
    /// </summary>
    public IReadOnlyList<IPEndPoint> Resolvers { get; init; } = [];

    /// <summary>What the machine asked before it was pointed at Kache, for a server that begins while it is. Empty (the default) when it is not.</summary>
    public IReadOnlyList<IPEndPoint> ResolversBefore { get; init; } = [];

    /// <summary>Roots trusted beside the system's (<c>--upstream-ca</c>, and bundles that variables name).</summary>
    public X509Certificate2Collection ExtraRoots { get; init; } = [];

    /// <summary>An HTTP proxy that everything goes through; null for direct connections.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Addresses and ports on which Kache itself listens: dialling one of them is a loop (508).</summary>
    public Func<IPEndPoint, bool> IsOwnAddress { get; init; } = _ => false;
}
