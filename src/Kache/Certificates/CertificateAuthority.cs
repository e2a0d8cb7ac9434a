using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kache.Exchanges;

namespace Kache.Certificates;

/// <summary>A CA cannot be made, read or used; the message says why and what to do.</summary>
internal sealed class CertificateAuthorityException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>The installation's own CA, or an organisation's. Its key is made here, mode 0600, and never leaves.</summary>
internal sealed class CertificateAuthority : IDisposable
{
    // BEHAVIOUR T3: machines whose clock was set back, and those that start with none, must trust it too.
    private static readonly DateTimeOffset ValidFrom = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Renewing it would mean trusting another one everywhere: it outlives the machine instead.
    private const int ValidYears = 100;

    // BEHAVIOUR T3: at most 397 days in all, which is the most that Apple's verifiers take; a week of them for clocks that are late.
    private static readonly TimeSpan LeafBefore = TimeSpan.FromDays(7);
    private static readonly TimeSpan LeafAfter = TimeSpan.FromDays(389);

    // RFC 5280 A.1, ub-common-name: longer names are in the subject alternative name alone.
    private const int LongestCommonName = 64;

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2 _signer;
    private readonly TimeProvider _clock;

    private CertificateAuthority(X509Certificate2 signer, X509Certificate2Collection issuers, TimeProvider clock)
    {
        _signer = signer;
        _clock = clock;
        Issuers = issuers;
        Certificate = X509CertificateLoader.LoadCertificate(signer.RawData);
        Pem = Certificate.ExportCertificatePem() + "\n";
        Fingerprint = Digest.Of(signer.RawData);
    }

    /// <summary>Without its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>What a client needs beside the leaf to find its root: for an organisation's intermediate CA, itself and those above it.</summary>
    public X509Certificate2Collection Issuers { get; }

    public string Pem { get; }

    /// <summary>SHA-256 of the certificate (DER): what <c>login --fingerprint</c> compares.</summary>
    public Digest Fingerprint { get; }

    /// <summary>Loads <c>ca.crt</c> and <c>ca.key</c> (PEM) from the folder, or makes them.</summary>
    /// <exception cref="CertificateAuthorityException">One of the two is missing, or they cannot be used.</exception>
    public static CertificateAuthority OpenOrCreate(string folder, TimeProvider clock)
    {
        var (certificate, key) = (Path.Combine(folder, CertificateFiles.Certificate), Path.Combine(folder, CertificateFiles.Key));
        if (!File.Exists(certificate) && !File.Exists(key)) CertificateFiles.Create(folder, Make(clock));
        if (!File.Exists(certificate) || !File.Exists(key))
        {
            var missing = File.Exists(certificate) ? key : certificate;
            throw new CertificateAuthorityException(
                $"{missing} is missing, and the other half of the CA is there. Put it back from a backup; or move {folder} away, and a new CA is made, which every client has to trust anew.");
        }
        return Load(certificate, key, clock);
    }

    /// <summary>An organisation's CA; fails with a sentence when the pair does not fit or cannot sign.</summary>
    /// <param name="certificateFile">PEM. The CA first; certificates above it may follow.</param>
    /// <param name="keyFile">PEM, not encrypted.</param>
    /// <exception cref="CertificateAuthorityException">The pair cannot be used.</exception>
    public static CertificateAuthority Load(string certificateFile, string keyFile, TimeProvider clock)
    {
        X509Certificate2? signer = null;
        try
        {
            signer = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
            if (Fault(signer, clock) is { } fault) throw new CertificateAuthorityException($"{certificateFile} cannot be Kache's CA: {fault}");
            var issuers = new X509Certificate2Collection();
            issuers.ImportFromPemFile(certificateFile);
            // A root is in the client's store or nowhere: sending it helps nobody.
            if (issuers.Count == 1 && IsSelfIssued(issuers[0])) issuers.Clear();
            return new CertificateAuthority(signer, issuers, clock);
        }
        catch (CertificateAuthorityException)
        {
            signer?.Dispose();
            throw;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            signer?.Dispose();
            throw new CertificateAuthorityException(
                $"The CA in {certificateFile} and {keyFile} cannot be loaded: {e.Message.TrimEnd('.')}. They must be PEM files, the key not encrypted, that belong together and can be read.", e);
        }
    }

    /// <summary>A leaf for exactly one DNS name or IP address, with its key.</summary>
    /// <param name="host">A DNS name in lower case, or an IP address without brackets.</param>
    /// <exception cref="ArgumentException">Not a name that a certificate can hold.</exception>
    public X509Certificate2 Issue(string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(host, out var address)) names.AddIpAddress(address);
        else names.AddDnsName(host);
        var hasCommonName = host.Length <= LongestCommonName;
        var request = new CertificateRequest(new X500DistinguishedName(hasCommonName ? $"CN=\"{host}\"" : ""), key, HashAlgorithmName.SHA256);
        var extensions = request.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        extensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        // RFC 5280 §4.2.1.6: critical where the subject is empty.
        extensions.Add(names.Build(critical: !hasCommonName));
        extensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        extensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_signer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var now = _clock.GetUtcNow();
        // A leaf that outlives its CA makes handshakes fail without a word.
        var from = Later(now - LeafBefore, new DateTimeOffset(_signer.NotBefore));
        var to = Earlier(now + LeafAfter, new DateTimeOffset(_signer.NotAfter));
        using var leaf = Sign(request, from, to);
        return leaf.CopyWithPrivateKey(key);
    }

    public void Dispose()
    {
        _signer.Dispose();
        Certificate.Dispose();
    }

    /// <returns>PEM of a new CA and of its key.</returns>
    private static (string Certificate, string Key) Make(TimeProvider clock)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = clock.GetUtcNow();
        // Two CAs of the same name confuse verifiers that look issuers up by name: each has a name of its own.
        var tail = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var name = string.Create(CultureInfo.InvariantCulture, $"CN=Kache CA {tail}, O=Kache");
        var request = new CertificateRequest(new X500DistinguishedName(name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var certificate = request.CreateSelfSigned(ValidFrom, now.AddYears(ValidYears));
        return (certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    private static string? Fault(X509Certificate2 signer, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        if (now > new DateTimeOffset(signer.NotAfter))
            return $"it ended on {signer.NotAfter.ToUniversalTime():yyyy-MM-dd}. Give it another one.";
        if (signer.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true })
            return "its basicConstraints do not say that it is a CA.";
        if (signer.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign))
            return "its keyUsage does not let it sign certificates.";
        if (signer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is null)
            return "it has no subjectKeyIdentifier, which strict clients ask for.";
        using var ec = signer.GetECDsaPrivateKey();
        using var rsa = signer.GetRSAPrivateKey();
        return ec is null && rsa is null ? "its key is neither RSA nor EC." : null;
    }

    private X509Certificate2 Sign(CertificateRequest request, DateTimeOffset from, DateTimeOffset to)
    {
        // RFC 5280 §4.1.2.2: positive, at most 20 octets; CA/Browser Forum: at least 64 random bits.
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)(serial[0] & 0x7f | 0x40);
        using var rsa = _signer.GetRSAPrivateKey();
        if (rsa is not null)
            return request.Create(_signer.SubjectName, X509SignatureGenerator.CreateForRSA(rsa, RSASignaturePadding.Pkcs1), from, to, serial);
        using var ec = _signer.GetECDsaPrivateKey()!;
        return request.Create(_signer.SubjectName, X509SignatureGenerator.CreateForECDsa(ec), from, to, serial);
    }

    private static bool IsSelfIssued(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
