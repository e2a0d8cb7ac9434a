using System.Net.Security;

namespace Kache.Certificates;

/// <summary>A ready leaf context per name, made once, bounded in number, renewed before it ends.</summary>
internal sealed class LeafCertificates
{
    public LeafCertificates(CertificateAuthority authority, TimeProvider clock) => throw new NotImplementedException();

    /// <param name="host">A DNS name in lower case, or an IP address.</param>
    public ValueTask<SslStreamCertificateContext> ForAsync(string host, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Makes leaves ahead for names that are known to come.</summary>
    public void Prepare(IEnumerable<string> hosts) => throw new NotImplementedException();
}
