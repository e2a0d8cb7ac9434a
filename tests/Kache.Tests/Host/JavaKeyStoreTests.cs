using System.Diagnostics;
using Kache.Host;
using Xunit;

namespace Kache.Tests.Host;

/// <summary>Judged by the JVM's own tool.</summary>
[Trait("Row", "T1")]
public sealed class JavaKeyStoreTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kache-keystore-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("JKS")]
    [InlineData("PKCS12")]
    public async Task A_store_of_either_kind_lists_ours_beside_what_it_had(string kind)
    {
        var original = await MakeAsync(kind);
        var applied = JavaKeyStore.Apply(original, HostTexts.Facts, JavaKeyStore.DefaultPassword, DateTimeOffset.UnixEpoch);
        var listed = await ListAsync(applied);
        Assert.Contains("contains 2 entries", listed, StringComparison.Ordinal);
        Assert.Contains("kache-0123abcd, Jan 1, 1970, trustedCertEntry", listed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_ours_a_store_is_what_it_was()
    {
        var original = await MakeAsync("JKS");
        var applied = JavaKeyStore.Apply(original, HostTexts.Facts, JavaKeyStore.DefaultPassword, DateTimeOffset.UnixEpoch);
        Assert.True(JavaKeyStore.IsSealedWith(applied, JavaKeyStore.DefaultPassword));
        Assert.Equal(original, JavaKeyStore.Remove(applied, HostTexts.Facts, JavaKeyStore.DefaultPassword));
    }

    [Fact]
    public async Task Ours_is_taken_out_of_a_store_that_another_tool_rebuilt()
    {
        var applied = JavaKeyStore.Apply(await MakeAsync("JKS"), HostTexts.Facts, JavaKeyStore.DefaultPassword, DateTimeOffset.UnixEpoch);
        var file = Path.Combine(_folder.FullName, "rebuilt");
        await File.WriteAllBytesAsync(file, applied, TestContext.Current.CancellationToken);
        await KeytoolAsync("-changealias", "-alias", "kache-0123abcd", "-destalias", "debian:kache.pem", "-keystore", file, "-storepass", "changeit");
        var rebuilt = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        var left = JavaKeyStore.Remove(rebuilt, HostTexts.Facts, JavaKeyStore.DefaultPassword);
        Assert.Contains("contains 1 entry", await ListAsync(left), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_without_a_password_is_read_too()
    {
        var original = await MakeAsync("PKCS12", "-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE", "-J-Dkeystore.pkcs12.macAlgorithm=NONE");
        var applied = JavaKeyStore.Apply(original, HostTexts.Facts, JavaKeyStore.DefaultPassword, DateTimeOffset.UnixEpoch);
        Assert.Contains("contains 2 entries", await ListAsync(applied), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_key_store_is_told_and_not_guessed_at() =>
        Assert.Throws<FormatException>(() => JavaKeyStore.Apply([1, 2, 3], HostTexts.Facts, JavaKeyStore.DefaultPassword, DateTimeOffset.UnixEpoch));

    [Fact]
    public async Task A_store_that_ends_early_is_refused()
    {
        var store = await MakeAsync("JKS");
        Assert.Throws<FormatException>(() => JavaKeyStore.Entries(store[..^100]));
    }

    private async Task<byte[]> MakeAsync(string kind, params string[] options)
    {
        var (certificate, file) = (Path.Combine(_folder.FullName, "other.pem"), Path.Combine(_folder.FullName, Path.GetRandomFileName()));
        await File.WriteAllTextAsync(certificate, HostTexts.OtherCa, TestContext.Current.CancellationToken);
        await KeytoolAsync([.. options, "-importcert", "-noprompt", "-alias", "other", "-file", certificate, "-keystore", file, "-storetype", kind, "-storepass", "changeit"]);
        return await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
    }

    private async Task<string> ListAsync(byte[] store)
    {
        var file = Path.Combine(_folder.FullName, Path.GetRandomFileName());
        await File.WriteAllBytesAsync(file, store, TestContext.Current.CancellationToken);
        return await KeytoolAsync("-list", "-keystore", file, "-storepass", "changeit");
    }

    private static async Task<string> KeytoolAsync(params string[] arguments)
    {
        using var keytool = Process.Start(new ProcessStartInfo("keytool", ["-J-Duser.language=en", "-J-Duser.timezone=UTC", .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var said = await keytool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await keytool.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(keytool.ExitCode == 0, said);
        return said;
    }
}
