using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Serving;
using Xunit;

namespace Kache.EndToEnd.Trust;

/// <summary>The CA and what it signs, as the strictest of clients look at it.</summary>
public sealed class CertificateTests(Ground ground) : IClassFixture<Ground>
{
    [Fact]
    [Trait("Row", "T3")]
    public async Task A_leaf_is_for_exactly_the_name_asked_and_short_lived()
    {
        ground.Origin.Answers("/", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var recording = await ground.RecordAsync("t3");
        using var ca = X509Certificate2.CreateFromPem(ground.Ca);
        await using var wire = await ground.TlsAsync("script.test");
        var leaf = wire.Certificate!;

        Assert.Equal(["script.test"], leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames());
        Assert.Equal("1.3.6.1.5.5.7.3.1", leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages[0].Value);
        Assert.Equal(
            Convert.ToHexString(ca.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.Span),
            Convert.ToHexString(leaf.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single().KeyIdentifier!.Value.Span));
        using var key = leaf.GetECDsaPublicKey()!;
        Assert.Equal("1.2.840.10045.3.1.7", key.ExportParameters(false).Curve.Oid.Value);
        var now = DateTime.Now;
        Assert.InRange(leaf.NotBefore, now.AddDays(-7.1), now.AddDays(-6.9));
        Assert.True(leaf.NotAfter <= now.AddDays(397) && leaf.NotAfter <= ca.NotAfter && leaf.NotAfter > now.AddDays(30), leaf.NotAfter.ToString("O"));
    }

    [Fact]
    [Trait("Row", "T3")]
    public void The_CA_is_what_strict_verifiers_ask_of_one()
    {
        using var ca = X509Certificate2.CreateFromPem(ground.Ca);

        Assert.Equal(3, ca.Version);
        Assert.True(ca.Extensions.OfType<X509BasicConstraintsExtension>().Single() is { Critical: true, CertificateAuthority: true });
        var usage = ca.Extensions.OfType<X509KeyUsageExtension>().Single();
        Assert.True(usage.Critical && usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign));
        Assert.Single(ca.Extensions.OfType<X509SubjectKeyIdentifierExtension>());
        Assert.Equal(2000, ca.NotBefore.Year);
    }

    [Fact]
    [Trait("Row", "T3")]
    public async Task OpenSSL_and_Python_at_their_strictest_accept_it()
    {
        ground.Origin.Answers("/", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var recording = await ground.RecordAsync("t3-strict");
        await File.WriteAllTextAsync(Path.Combine(ground.Lab.Folder, "kache.pem"), ground.Ca);

        await ground.Client.Machine.ShellAsync(
            $"openssl s_client -connect {Lab.ServerAddress}:443 -servername script.test -CAfile {ground.Lab.Folder}/kache.pem -x509_strict -verify_return_error -verify_hostname script.test </dev/null").SucceedsAsync();
        await ground.Client.Machine.RunAsync("/usr/bin/python3", "-c",
            $"""
            import socket, ssl
            context = ssl.create_default_context(cafile='{ground.Lab.Folder}/kache.pem')
            context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
            with socket.create_connection(('{Lab.ServerAddress}', 443)) as plain:
                with context.wrap_socket(plain, server_hostname='script.test') as tls:
                    print(tls.version())
            """).SucceedsAsync();
    }

    [Fact]
    [Trait("Row", "T4")]
    public async Task The_CAs_key_is_one_file_that_only_its_owner_can_read()
    {
        var keys = (await ground.Lab.Server.ShellAsync($"grep -r -l -a -e 'PRIVATE KEY' {ground.Server.Data}").SucceedsAsync()).Out.Trim().Split('\n');

        var key = Assert.Single(keys);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        Assert.DoesNotContain("PRIVATE", ground.Ca, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "T5")]
    public async Task A_bypassed_host_shows_its_own_certificate_and_is_listed()
    {
        ground.Origin.Answers("/", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        using var origins = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(ground.World.Authority.File));
        await using var recording = await ground.RecordAsync("t5", "--bypass=bypassed.test");

        // A client that cached the proxy's address, or that uses the explicit proxy, comes here all the same.
        await using (var wire = await Wire.HttpWire.TlsAsync(ground.Client, "bypassed.test", origins.ExportCertificatePem()))
        {
            await wire.SendAsync("GET / HTTP/1.1\r\nHost: bypassed.test\r\n\r\n");
            Assert.Equal("ok", (await wire.ReadAnswerAsync()).Text);
        }

        var ended = await recording.CloseAsync();
        Assert.Contains(ended.Gaps, g => g.Where.Contains("bypassed.test", StringComparison.Ordinal));
        Assert.Equal(0, ended.Requests);
    }

    [Fact]
    [Trait("Row", "N6")]
    public async Task What_is_neither_TLS_nor_HTTP_is_tunnelled_and_listed_while_recording_and_refused_in_playback()
    {
        ground.Origin.ListenRaw(9000, async stream =>
        {
            var buffer = new byte[100];
            for (int read; (read = await stream.ReadAsync(buffer)) > 0;) await stream.WriteAsync(buffer.AsMemory(0, read));
        });
        await using (var recording = await ground.RecordAsync("n6-raw"))
        {
            await using (var wire = await HttpThroughProxyAsync(recording.Proxy, "script.test:9000"))
            {
                await wire.SendAsync("\u0001\u0002 not HTTP\n");
                Assert.Equal("\u0001\u0002 not HTTP", await wire.LineAsync());
            }
            var ended = await recording.CloseAsync();
            Assert.Contains(ended.Gaps, g => g.Where.Contains("script.test:9000", StringComparison.Ordinal));
        }
        await using var playback = await ground.PlayBackAsync("n6-raw");
        await using (var wire = await HttpThroughProxyAsync(playback.Proxy, "script.test:9000"))
        {
            await wire.SendAsync("\u0001\u0002 not HTTP\n");
            Assert.True(await wire.IsAtEndAsync());
        }
        Assert.Single((await playback.CloseAsync(exitCode: 3)).Misses);
    }

    private async Task<Wire.HttpWire> HttpThroughProxyAsync(string proxy, string to)
    {
        var url = new Uri(proxy);
        var wire = await ground.PlainAsync(url.Port);
        await wire.SendAsync($"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\nProxy-Authorization: Basic {Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(url.UserInfo))}\r\n\r\n");
        Assert.Contains(" 200 ", await wire.LineAsync(), StringComparison.Ordinal);
        while (await wire.LineAsync() is { Length: > 0 }) { }
        return wire;
    }
}
