namespace Kache.Exchanges;

/// <summary>Why something that was seen while recording could not be kept whole. The numbers are on disk.</summary>
internal enum GapKind
{
    /// <summary>Bytes passed through unread: a bypassed host, a protocol that is not HTTP.</summary>
    Tunnel,

    /// <summary>A WebSocket or other upgrade.</summary>
    Upgrade,

    /// <summary>A body that ended early, was broken off or was cut at stop.</summary>
    IncompleteBody,

    /// <summary>The store could not take it (disk full).</summary>
    NotStored,

    /// <summary>A 1xx answer or request trailers that could not be passed on.</summary>
    NotForwarded,

    /// <summary>A name looked up for a bypassed host.</summary>
    BypassedName,
}

/// <param name="At">UTC, microseconds.</param>
/// <param name="Where">A URL, or <c>host:port</c>, or a name.</param>
/// <param name="Detail">One sentence for a person.</param>
internal sealed record Gap(DateTimeOffset At, GapKind Kind, string Where, string Detail);

/// <summary>
/// What a name look-up said while recording.
/// </summary>
/// <param name="Name">Lower case, no trailing dot.</param>
/// <param name="Type">DNS RR type number; 1 (A) stands for "does this host exist" and also covers AAAA.</param>
/// <param name="ResponseCode">0 NOERROR, 3 NXDOMAIN.</param>
/// <param name="Answer">For types other than A and AAAA the upstream message as received; empty otherwise.</param>
internal sealed record NameLookup(string Name, int Type, int ResponseCode, ReadOnlyMemory<byte> Answer);
