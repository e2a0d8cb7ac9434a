using System.Net;

namespace Kache.Dns;

/// <summary>What a session says to one question; the server makes the DNS message of it.</summary>
internal abstract record NameAnswer
{
    /// <summary>The proxy's address (A to clients with IPv4, AAAA to those without; NODATA for the other family).</summary>
    internal sealed record Proxy : NameAnswer;

    /// <summary>The name exists, nothing of this type does (NOERROR and SOA).</summary>
    internal sealed record NoData : NameAnswer;

    internal sealed record NoSuchName : NameAnswer;

    /// <summary>The real addresses of a bypassed host, both families; the server picks those asked for.</summary>
    internal sealed record Addresses(IReadOnlyList<IPAddress> Real) : NameAnswer;

    /// <summary>An upstream's message as kept; sent on with the question's id and the client's case.</summary>
    internal sealed record Kept(ReadOnlyMemory<byte> Message) : NameAnswer;

    internal sealed record Refused : NameAnswer;

    internal sealed record ServerFailure : NameAnswer;

    private NameAnswer()
    {
    }
}

/// <summary>Who knows the answers: sessions do. Dns knows nothing of them.</summary>
internal interface INameSource
{
    /// <summary>Whether the client has a session, and so any service; asked before everything else.</summary>
    bool Serves(IPAddress client);

    /// <summary>
    /// Whether the client's session has a path to the proxy over IPv4, also when this query came over IPv6. One that has
    /// is never given AAAA: it would come from addresses that change in mid-build (BEHAVIOUR N1b).
    /// </summary>
    bool HasIPv4(IPAddress client);

    /// <param name="client">Source address of the query.</param>
    /// <param name="name">Lower case, no trailing dot.</param>
    /// <param name="type">RR type number, after the rules of <see cref="NamePolicy"/> had their say.</param>
    ValueTask<NameAnswer> AnswerAsync(IPAddress client, string name, int type, CancellationToken cancellation);
}
