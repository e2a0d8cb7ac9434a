using Kache.Upstream;
using Xunit;

namespace Kache.Tests.Upstream;

[Trait("Row", "T6")]
public sealed class SystemRootsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kache-roots-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_named_file_wins()
    {
        var (one, other) = (TestCertificates.Authority("One"), TestCertificates.Authority("Other"));
        var file = Write("bundle.pem", one.ExportCertificatePem() + "\n# a comment\n" + other.ExportCertificatePem());
        Assert.Equal(["CN=One", "CN=Other"], Read(file, null));
    }

    [Fact]
    public void A_folder_of_hashed_names_gives_each_root_once()
    {
        var pem = TestCertificates.Authority("One").ExportCertificatePem();
        Write("a.pem", pem);
        Write("5ed36f99.0", pem);
        Write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        Write("README", "nothing");
        Assert.Equal(["CN=One"], Read(null, "/does/not/exist:" + _folder));
    }

    [Fact]
    public void What_names_nothing_leaves_the_systems_bundle()
    {
        var system = Read(null, null);
        Assert.Equal(system, Read(Path.Combine(_folder, "none.pem"), ""));
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    private static IEnumerable<string> Read(string? file, string? folder) =>
        [.. SystemRoots.Read(name => name == "SSL_CERT_FILE" ? file : name == "SSL_CERT_DIR" ? folder : null).Select(root => root.Subject)];
}
