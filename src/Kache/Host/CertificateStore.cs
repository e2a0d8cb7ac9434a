using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kache.Host;

/// <summary>A PKCS#12 trust store (RFC 7292), with or without a password, read for its certificates. Newer JVMs ship such cacerts.</summary>
internal static class CertificateStore
{
    // The loader's own limit is 200 certificates, and a trust store with a company's roots has more. It is a file of root's.
    private static readonly Pkcs12LoaderLimits Limits = new(Pkcs12LoaderLimits.Defaults) { MaxCertificates = 10_000 };

    /// <exception cref="FormatException">It is no such store, or its password is another.</exception>
    public static byte[] ToJks(byte[] store, string password)
    {
        try
        {
            var entries = X509CertificateLoader.LoadPkcs12Collection(store, password, X509KeyStorageFlags.EphemeralKeySet, Limits)
                .Select((certificate, number) => JavaKeyStore.Entry($"root-{number}", certificate.RawData, DateTimeOffset.UnixEpoch))
                .ToList();
            return JavaKeyStore.Write(entries.Count, entries, password);
        }
        catch (CryptographicException failure)
        {
            throw new FormatException($"it is no JKS, and PKCS#12 only with another password: {failure.Message}", failure);
        }
    }
}
