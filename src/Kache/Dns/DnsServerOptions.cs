using System.Net;

namespace Kache.Dns;

/// <summary>What the DNS server was told, and its bounds.</summary>
internal sealed record DnsServerOptions
{
    /// <summary>Addresses that names are answered with; empty (the default) for the one that a query came to.</summary>
    public IReadOnlyList<IPAddress> Advertise { get; init; } = [];

    /// <summary>
    /// Questions being answered at once, UDP and TCP together. Default 1024: a build asks for some hundred names, and
    /// each may take two seconds. Beyond it a datagram is dropped, which its client takes for loss, and connections wait.
    /// </summary>
    public int MostQueries { get; init; } = 1024;

    /// <summary>TCP connections at once. Default 256; more are closed at once.</summary>
    public int MostConnections { get; init; } = 256;

    /// <summary>TCP connections of one client address. Default 32, so that none can take all.</summary>
    public int MostConnectionsOfClient { get; init; } = 32;

    /// <summary>Questions of one connection being answered at once. Default 32; the next is read when one has its answer.</summary>
    public int MostQueriesOfConnection { get; init; } = 32;

    /// <summary>How long a connection may say nothing, or take to say it, or not read its answer. Default 10 s, "a few seconds" of RFC 7766 §6.2.3.</summary>
    public TimeSpan IdleLimit { get; init; } = TimeSpan.FromSeconds(10);
}
