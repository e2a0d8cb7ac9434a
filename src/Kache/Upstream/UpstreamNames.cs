using System.Net;

namespace Kache.Upstream;

/// <summary>What an upstream resolver said about whether a host exists.</summary>
internal abstract record HostLookup
{
    internal sealed record Exists(IReadOnlyList<IPAddress> Addresses) : HostLookup;

    internal sealed record DoesNotExist : HostLookup;

    /// <summary>SERVFAIL, or nothing in time.</summary>
    internal sealed record Unknown(string Reason) : HostLookup;

    private HostLookup()
    {
    }
}

/// <summary>Kache's own stub resolver: never the machine's, so that it cannot ask itself. Answers are shared for a short time.</summary>
internal sealed class UpstreamNames
{
    /// <summary>A and AAAA of a host, once, shared between the DNS answer and the dial.</summary>
    public ValueTask<HostLookup> LookUpHostAsync(string host, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Any other type: the upstream's message as received, or null when none came.</summary>
    public ValueTask<(int ResponseCode, byte[] Message)?> QueryAsync(string name, int type, CancellationToken cancellation) => throw new NotImplementedException();
}
