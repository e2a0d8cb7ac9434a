using Kache.Upstream.Resolving;

namespace Kache.Upstream;

/// <summary>
/// Everything that reaches the world, put together. Made once, for recording; a server that only plays back makes none.
/// </summary>
internal sealed record WayOut(UpstreamOptions Options, UpstreamNames Names, Dialer Dialer, UpstreamHttp Http)
{
    /// <summary>Reads the machine's resolvers now, before anybody points the machine at Kache. Sends nothing yet.</summary>
    public static WayOut Create(UpstreamOptions options, UpstreamTrust trust, TimeProvider clock)
    {
        var sockets = new OutgoingSockets(clock);
        var names = new UpstreamNames(new UpstreamResolvers(sockets, options, clock), options, clock);
        var dialer = new Dialer(names, sockets, options, clock);
        return new WayOut(options, names, dialer, new UpstreamHttp(dialer, trust, options));
    }
}
