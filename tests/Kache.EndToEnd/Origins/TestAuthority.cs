using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kache.EndToEnd.Origins;

/// <summary>The certification authority of the origins under .test, made anew for each lab.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset LongAgo = DateTimeOffset.UtcNow.AddYears(-2);

    private readonly X509Certificate2 issuer;

    private TestAuthority(X509Certificate2 root, string file)
    {
        issuer = root;
        File = file;
    }

    /// <summary>The root, PEM: what a server is given as --upstream-ca.</summary>
    public string File { get; }

    public static TestAuthority Make(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test origins", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var root = request.CreateSelfSigned(LongAgo.AddDays(-1), LongAgo.AddYears(10));
        var file = Path.Combine(folder, "origins-ca.pem");
        System.IO.File.WriteAllText(file, root.ExportCertificatePem());
        return new TestAuthority(root, file);
    }

    public X509Certificate2 Leaf(params string[] names) => Leaf(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(90), names);

    public X509Certificate2 ExpiredLeaf(params string[] names) => Leaf(LongAgo, DateTimeOffset.UtcNow.AddDays(-1), names);

    /// <summary>Certificate and key as files, for servers that want files.</summary>
    public (string Certificate, string Key) LeafFiles(string folder, params string[] names)
    {
        using var leaf = Leaf(names);
        using var key = leaf.GetECDsaPrivateKey()!;
        var (certificate, keyFile) = (Path.Combine(folder, $"{names[0]}.pem"), Path.Combine(folder, $"{names[0]}.key"));
        System.IO.File.WriteAllText(certificate, leaf.ExportCertificatePem());
        System.IO.File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return (certificate, keyFile);
    }

    public void Dispose() => issuer.Dispose();

    private X509Certificate2 Leaf(DateTimeOffset from, DateTimeOffset to, string[] names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={names[0]}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }
        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using var certificate = request.Create(issuer, from, to, RandomNumberGenerator.GetBytes(16));
        using var complete = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(complete.Export(X509ContentType.Pfx), password: null);
    }
}
