using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Kache.Host;
using Xunit;

namespace Kache.Tests.Host;

public sealed class PemBundleTests
{
    [Fact]
    [Trait("Row", "T2")]
    public void A_bundle_is_what_it_was_plus_ours()
    {
        var applied = PemBundle.Apply(HostTexts.OtherCa, HostTexts.Facts);
        Assert.StartsWith(HostTexts.OtherCa, applied);
        Assert.Equal(2, PemBundle.Certificates(applied).Count);
        Assert.True(PemBundle.Holds(applied, PemBundle.Der(HostTexts.Ca)));
        Assert.Equal(applied, PemBundle.Apply(applied, HostTexts.Facts));
    }

    [Fact]
    public void Taking_ours_out_gives_back_what_was() =>
        Assert.Equal(HostTexts.OtherCa, PemBundle.Remove(PemBundle.Apply(HostTexts.OtherCa, HostTexts.Facts), HostTexts.Facts));

    [Fact]
    public void Ours_is_found_without_its_comment_and_between_others() =>
        Assert.Equal(HostTexts.OtherCa + "# end\n", PemBundle.Remove(HostTexts.OtherCa + HostTexts.Ca + "# end\n" + HostTexts.Ca, HostTexts.Facts));

    [Fact]
    public void A_bundle_without_ours_is_not_touched() =>
        Assert.Equal("garbage\n" + HostTexts.OtherCa, PemBundle.Remove("garbage\n" + HostTexts.OtherCa, HostTexts.Facts));

    [Theory]
    [InlineData("CN=Kache  Test CA, O=Bücher und Mehr")]
    [InlineData("CN=plain")]
    [InlineData("C=DE, O=ACME  GmbH , CN= Root\tX ")]
    [Trait("Row", "T1")]
    public async Task The_name_in_a_folder_is_the_one_that_openssl_looks_for(string subject)
    {
        var pem = HostTexts.Certificate(subject);
        using var openssl = Process.Start(new ProcessStartInfo("openssl", ["x509", "-hash", "-noout"]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await openssl.StandardInput.WriteAsync(pem);
        openssl.StandardInput.Close();
        var expected = (await openssl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Trim();
        using var certificate = X509Certificate2.CreateFromPem(pem);
        Assert.Equal(expected, SubjectHash.Of(certificate));
    }
}
