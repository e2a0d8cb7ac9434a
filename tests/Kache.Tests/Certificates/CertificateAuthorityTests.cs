using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kache.Certificates;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kache.Tests.Certificates;

public sealed class CertificateAuthorityTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"kache-ca-{Guid.NewGuid():n}");
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private string Ca => Path.Combine(_folder, "ca");

    [Fact, Trait("Row", "T4")]
    public void The_key_is_the_owners_alone_from_its_first_byte()
    {
        using var made = CertificateAuthority.OpenOrCreate(Ca, _clock);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Ca, "ca.key")));
        Assert.False(made.Certificate.HasPrivateKey);
        Assert.DoesNotContain("PRIVATE", made.Pem, StringComparison.Ordinal);
        Assert.Equal([Ca], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void What_was_made_is_opened_again()
    {
        using var made = CertificateAuthority.OpenOrCreate(Ca, _clock);
        using var opened = CertificateAuthority.OpenOrCreate(Ca, _clock);
        Assert.Equal(made.Fingerprint, opened.Fingerprint);
        Assert.Equal(SHA256.HashData(made.Certificate.RawData), Convert.FromHexString(made.Fingerprint.Hex));
    }

    [Fact]
    public void Two_that_make_one_at_once_have_the_same()
    {
        var both = new string[8];
        Parallel.For(0, both.Length, i =>
        {
            using var ca = CertificateAuthority.OpenOrCreate(Ca, _clock);
            both[i] = ca.Fingerprint.Hex;
        });
        Assert.Single(both.Distinct());
    }

    [Fact, Trait("Row", "T3")]
    public void Openssl_verifies_a_leaf_strictly()
    {
        using var ca = CertificateAuthority.OpenOrCreate(Ca, TimeProvider.System);
        foreach (var host in new[] { "files.origin.test", "192.0.2.7", "2001:db8::7", "under_score.origin.test", string.Join('.', Enumerable.Repeat("long-label-of-a-name", 6)) + ".test" })
        {
            using var leaf = ca.Issue(host);
            var file = Path.Combine(_folder, "leaf.pem");
            File.WriteAllText(file, leaf.ExportCertificatePem());
            var named = host.Contains(':') || char.IsAsciiDigit(host[0]) ? "-verify_ip" : "-verify_hostname";
            var said = Run("openssl", "verify", "-x509_strict", "-purpose", "sslserver", named, host, "-CAfile", Path.Combine(Ca, "ca.crt"), file);
            Assert.EndsWith("leaf.pem: OK\n", said, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Row", "T3")]
    public void A_leaf_holds_from_a_week_before_now_and_397_days_at_most()
    {
        using var ca = CertificateAuthority.OpenOrCreate(Ca, _clock);
        using var leaf = ca.Issue("files.origin.test");
        var now = _clock.GetUtcNow().UtcDateTime;
        Assert.Equal(now.AddDays(-7), leaf.NotBefore.ToUniversalTime());
        Assert.InRange(leaf.NotAfter - leaf.NotBefore, TimeSpan.FromDays(300), TimeSpan.FromDays(397));
        Assert.Equal(new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc), ca.Certificate.NotBefore.ToUniversalTime());
        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["files.origin.test"], names.EnumerateDnsNames());
    }

    [Fact, Trait("Row", "T3")]
    public void A_leaf_never_outlives_its_ca()
    {
        var (certificate, key) = Organisation(_clock.GetUtcNow().AddDays(20));
        using var ca = CertificateAuthority.Load(certificate, key, _clock);
        using var leaf = ca.Issue("files.origin.test");
        Assert.Equal(ca.Certificate.NotAfter, leaf.NotAfter);
        Assert.Equal(ca.Certificate.NotBefore, leaf.NotBefore);
    }

    [Fact]
    public void An_organisations_ca_that_has_ended_is_refused_with_the_day()
    {
        var (certificate, key) = Organisation(_clock.GetUtcNow().AddDays(2));
        _clock.Advance(TimeSpan.FromDays(3));
        var refused = Assert.Throws<CertificateAuthorityException>(() => CertificateAuthority.Load(certificate, key, _clock));
        Assert.Contains("2026-03-03", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_does_not_fit_is_refused()
    {
        var (certificate, _) = Organisation(_clock.GetUtcNow().AddDays(20));
        var other = Path.Combine(_folder, "other.key");
        using (var rsa = RSA.Create(2048)) File.WriteAllText(other, rsa.ExportPkcs8PrivateKeyPem());
        Assert.Contains("belong together", Assert.Throws<CertificateAuthorityException>(() => CertificateAuthority.Load(certificate, other, _clock)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_that_is_no_ca_is_refused()
    {
        using var ca = CertificateAuthority.OpenOrCreate(Ca, _clock);
        using var leaf = ca.Issue("files.origin.test");
        var (certificate, key) = (Path.Combine(_folder, "leaf.crt"), Path.Combine(_folder, "leaf.key"));
        File.WriteAllText(certificate, leaf.ExportCertificatePem());
        File.WriteAllText(key, leaf.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        Assert.Contains("basicConstraints", Assert.Throws<CertificateAuthorityException>(() => CertificateAuthority.Load(certificate, key, _clock)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_ca_is_never_replaced()
    {
        CertificateAuthority.OpenOrCreate(Ca, _clock).Dispose();
        File.Delete(Path.Combine(Ca, "ca.crt"));
        Assert.Contains("ca.crt is missing", Assert.Throws<CertificateAuthorityException>(() => CertificateAuthority.OpenOrCreate(Ca, _clock)).Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Ca, "ca.key")));
    }

    [Fact]
    public void Leaves_are_made_once_and_renewed_before_they_end()
    {
        using var ca = CertificateAuthority.OpenOrCreate(Ca, _clock);
        var leaves = new LeafCertificates(ca, _clock);
        var first = leaves.For("a.test");
        Assert.Same(first, leaves.For("A.test."));
        Assert.NotSame(first, leaves.For("b.test"));
        _clock.Advance(TimeSpan.FromDays(365));
        Assert.NotSame(first, leaves.For("a.test"));
    }

    [Fact]
    public void Leaves_are_bounded_in_number()
    {
        using var ca = CertificateAuthority.OpenOrCreate(Ca, _clock);
        var leaves = new LeafCertificates(ca, _clock);
        for (var i = 0; i < 5000; i++) leaves.For($"h{i}.test");
        Assert.InRange(leaves.Count, 1, 4097);
    }

    [Theory]
    [InlineData("A.Test.", "a.test")]
    [InlineData("[2001:DB8::1]", "2001:db8::1")]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("xn--bcher-kva.test", "xn--bcher-kva.test")]
    public void A_host_is_a_name_or_an_address(string text, string name)
    {
        Assert.True(LeafName.TryParse(text, out var parsed));
        Assert.Equal(name, parsed);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("a..test")]
    [InlineData("*.test")]
    [InlineData("a\"b.test")]
    [InlineData("a/b")]
    [InlineData("fe80::1%1")]
    [InlineData("bücher.test")]
    public void Anything_else_gets_no_leaf(string? text) => Assert.False(LeafName.TryParse(text, out _));

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    private (string Certificate, string Key) Organisation(DateTimeOffset end)
    {
        Directory.CreateDirectory(_folder);
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=Organisation CA", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var certificate = request.CreateSelfSigned(_clock.GetUtcNow().AddDays(-1), end);
        var (crt, key) = (Path.Combine(_folder, "org.crt"), Path.Combine(_folder, "org.key"));
        File.WriteAllText(crt, certificate.ExportCertificatePem());
        File.WriteAllText(key, rsa.ExportPkcs8PrivateKeyPem());
        return (crt, key);
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
#pragma warning disable xUnit1031 // Both have ended with the process.
        return output.Result + error.Result;
#pragma warning restore xUnit1031
    }
}
