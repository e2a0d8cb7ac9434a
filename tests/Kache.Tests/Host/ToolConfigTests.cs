using CsCheck;
using Kache.Host;
using Xunit;

namespace Kache.Tests.Host;

[Trait("Row", "T1")]
public sealed class ToolConfigTests
{
    private static readonly HostFacts Facts = HostTexts.Facts;

    [Fact]
    public void Pip_is_told_the_systems_roots_in_the_section_that_it_has() =>
        Assert.Equal(
            "[install]\nuser = no\n[global]\n# kache: for a test.\ncert = /etc/ssl/certs/ca-certificates.crt\nindex-url = https://index.test/\n",
            ToolConfig.ApplyPip("[install]\nuser = no\n[global]\nindex-url = https://index.test/\n", Facts));

    [Fact]
    public void Pip_that_has_roots_of_its_own_keeps_them()
    {
        const string Own = "[global]\ncert = /opt/corp.pem\n";
        Assert.Equal(Own, ToolConfig.ApplyPip(Own, Facts));
        Assert.Equal(["/opt/corp.pem"], NamedRoots.Of(Own, NamedRoots.Pip));
    }

    [Fact]
    public void What_pip_wrote_into_its_file_meanwhile_stays() =>
        // 'pip config set' rewrites the file and drops comments.
        Assert.Equal("[global]\nindex-url = https://index.test/\n", ToolConfig.RemovePip($"[global]\ncert = {Facts.Bundle}\nindex-url = https://index.test/\n", "", Facts));

    [Fact]
    public void A_section_that_was_only_ours_goes_with_it() =>
        Assert.Equal("", ToolConfig.RemovePip($"[global]\ncert = {Facts.Bundle}\n", "", Facts));

    [Fact]
    public void Taking_ours_out_gives_back_every_byte()
    {
        var texts = HostTexts.OneOf("[global]", "[install]", "cert = /x.pem", "index-url = y", "cafile=/x", "registry=z", "", "# c", "native-tls = false", "[pip]").Array[0, 6].Select(lines => string.Join('\n', lines));
        texts.Sample(text => ToolConfig.RemovePip(ToolConfig.ApplyPip(text, Facts), text, Facts) == text);
        texts.Sample(text => ToolConfig.RemoveNpm(ToolConfig.ApplyNpm(text, Facts), text, Facts) == text);
        texts.Sample(text => ToolConfig.RemoveUv(ToolConfig.ApplyUv(text, Facts), text, Facts) == text);
    }

    [Fact]
    public void Npm_is_told_the_systems_roots() =>
        Assert.Equal("registry=https://npm.test/\n# kache: for a test.\ncafile=/etc/ssl/certs/ca-certificates.crt\n", ToolConfig.ApplyNpm("registry=https://npm.test/", Facts));

    [Fact]
    public void Files_of_roots_that_configurations_name_are_found()
    {
        Assert.Equal(["/a b.pem"], NamedRoots.Of("[http]\n\tsslCAInfo = \"/a b.pem\"\n", NamedRoots.Git));
        Assert.Equal(["/c.pem"], NamedRoots.Of("silent\ncacert = \"/c.pem\"\n", NamedRoots.Curl));
        Assert.Equal(["/w.pem"], NamedRoots.Of("ca_certificate=/w.pem\n", NamedRoots.Wget));
        Assert.Equal(["~/r.pem"], NamedRoots.Of("[http]\ncainfo = \"~/r.pem\"\n", NamedRoots.Cargo));
        Assert.Equal(["/y.pem"], NamedRoots.Of("httpsCaFilePath: /y.pem\n", NamedRoots.Yarn));
        Assert.Empty(NamedRoots.Of("# cert = /no.pem\ncertainly = no\n", NamedRoots.Pip));
    }
}
