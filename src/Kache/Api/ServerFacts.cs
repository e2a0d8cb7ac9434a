using System.Net;
using Kache.Certificates;
using Kache.Sessions;
using Kache.Store;

namespace Kache.Api;

/// <summary>What the handlers work on.</summary>
/// <param name="Sessions">Null in a process that is no server: sessions can be looked at, and not opened.</param>
/// <param name="Authority">Made on first use, so that <c>ls</c> in a new folder does not make a CA.</param>
internal sealed record ApiParts(DataStore Store, SessionDirectory? Sessions, Func<CertificateAuthority> Authority, ServerFacts Facts, IRecordingQuestions Questions, TimeProvider Clock);

/// <summary>What a server says of itself.</summary>
internal sealed record ServerFacts
{
    public required string Version { get; init; }

    /// <summary>For people: <c>store /var/lib/kache (this process)</c>.</summary>
    public required string Description { get; init; }

    public bool PlaybackOnly { get; init; }

    /// <summary>What listens where, a line each.</summary>
    public IReadOnlyList<string> Listening { get; init; } = [];

    /// <summary>Addresses told to clients instead of the one they came to; empty for that one.</summary>
    public IReadOnlyList<IPAddress> Advertised { get; init; } = [];

    /// <summary>Where a client on this machine finds the server.</summary>
    public IPAddress LocalAddress { get; init; } = IPAddress.Loopback;

    /// <summary>0 when off.</summary>
    public int DnsPort { get; init; }

    /// <summary>0 when off.</summary>
    public int ProxyPort { get; init; }

    /// <summary>What holds for every session beside its own options.</summary>
    public SessionRules Rules { get; init; } = SessionRules.None;

    /// <summary>A name that only Kache answers.</summary>
    public string ProbeHost { get; init; } = "";

    /// <summary>Where the server is for this caller: what it was told to advertise, else the address the caller came to.</summary>
    public IReadOnlyList<IPAddress> AddressesFor(Caller caller)
    {
        if (caller.ReachedAt is not { } reached) return [LocalAddress];
        var told = Advertised.Where(a => a.AddressFamily == reached.AddressFamily).ToList();
        return told.Count > 0 ? told : [reached];
    }
}
