using System.Security.Cryptography.X509Certificates;
using Kache.Exchanges;

namespace Kache.Certificates;

/// <summary>The installation's own CA, or an organisation's. Its key is made here, mode 0600, and never leaves.</summary>
internal sealed class CertificateAuthority : IDisposable
{
    /// <summary>Loads <c>ca.crt</c> and <c>ca.key</c> (PEM) from the folder, or makes them.</summary>
    public static CertificateAuthority OpenOrCreate(string folder, TimeProvider clock) => throw new NotImplementedException();

    /// <summary>An organisation's CA; fails with a sentence when the pair does not fit or cannot sign.</summary>
    public static CertificateAuthority Load(string certificateFile, string keyFile, TimeProvider clock) => throw new NotImplementedException();

    /// <summary>Without its private key.</summary>
    public X509Certificate2 Certificate => throw new NotImplementedException();

    public string Pem => throw new NotImplementedException();

    /// <summary>SHA-256 of the certificate (DER): what <c>login --fingerprint</c> compares.</summary>
    public Digest Fingerprint => throw new NotImplementedException();

    /// <summary>A leaf for exactly one DNS name or IP address, with its key.</summary>
    public X509Certificate2 Issue(string host) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
