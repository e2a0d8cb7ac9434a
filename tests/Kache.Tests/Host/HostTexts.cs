using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CsCheck;
using Kache.Host;

namespace Kache.Tests.Host;

/// <summary>What the tests of the machine's files share: a certificate, and facts made of it.</summary>
internal static class HostTexts
{
    public static readonly string Ca = Certificate("CN=Kache  Test CA, O=Bücher und Mehr");

    public static readonly string OtherCa = Certificate("CN=Other Root");

    public static readonly HostFacts Facts = new("for a test.", ["127.0.0.1"], Ca, "kache-0123abcd", "/etc/ssl/certs/ca-certificates.crt");

    public static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    public static string Certificate(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return certificate.ExportCertificatePem() + "\n";
    }
}
