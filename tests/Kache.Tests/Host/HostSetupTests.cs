using Kache.Host;
using Xunit;

namespace Kache.Tests.Host;

public sealed class HostSetupTests : IDisposable
{
    private readonly FakeMachine _machine = new();

    public HostSetupTests() => Assert.SkipUnless(HostCalls.IsRoot, "Mounts are made by root only; run the tests as root to have these.");

    public void Dispose() => _machine.Dispose();

    [Fact]
    [Trait("Row", "T1")]
    public void Names_and_roots_lead_to_Kache_after_start_and_nothing_is_left_after_stop()
    {
        var before = _machine.Snapshot();
        var journal = _machine.Apply();
        Assert.Equal("search corp.test\n# kache: for a test.\nnameserver 127.0.0.1\n", _machine.Read("/etc/resolv.conf"));
        Assert.Equal("hosts:          files dns\n", _machine.Read("/etc/nsswitch.conf"));
        foreach (var bundle in new[] { "/etc/ssl/certs/ca-certificates.crt", "/opt/corp.pem", "/usr/lib/python3/dist-packages/certifi/cacert.pem" })
            Assert.Equal(2, PemBundle.Certificates(_machine.Read(bundle)).Count);
        Assert.Equal(2, JavaKeyStore.Entries(File.ReadAllBytes(_machine.At("/etc/ssl/certs/java/cacerts"))).Count);
        Assert.Contains("cert = /etc/ssl/certs/ca-certificates.crt", _machine.Read("/etc/pip.conf"), StringComparison.Ordinal);
        Assert.Contains("cafile=/etc/ssl/certs/ca-certificates.crt", _machine.Read("/usr/etc/npmrc"), StringComparison.Ordinal);
        Assert.Empty(_machine.Notes);

        Assert.Contains(journal.Steps, step => step is MountedFolder);
        Assert.Empty(_machine.Undo().Steps);
        Assert.Equal(before, _machine.Snapshot());
        Assert.Empty(_machine.Mounts());
        Assert.Empty(_machine.Notes);
    }

    [Fact]
    [Trait("Row", "T1")]
    public void A_folder_of_roots_finds_ours_as_OpenSSL_does()
    {
        _machine.Apply();
        using var certificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(HostTexts.Ca);
        Assert.Equal(HostTexts.Ca, _machine.Read($"/etc/ssl/certs/{SubjectHash.Of(certificate)}.0"));
        // What update-ca-certificates would build its own from.
        Assert.Equal(HostTexts.Ca, _machine.Read("/usr/local/share/ca-certificates/kache-0123abcd.crt"));
    }

    [Fact]
    [Trait("Row", "N9")]
    public void A_resolv_conf_that_is_a_symlink_is_overlaid_where_it_leads()
    {
        File.Delete(_machine.At("/etc/resolv.conf"));
        _machine.Write("/run/systemd/resolve/stub-resolv.conf", "# This is /run/systemd/resolve/stub-resolv.conf managed by man:systemd-resolved(8).\nnameserver 127.0.0.53\noptions edns0 trust-ad\n");
        _machine.Link("/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
        var found = ResolverDetection.Look(_machine.Paths);
        Assert.Equal(["systemd-resolved"], found.Managers);
        Assert.Equal("127.0.0.53", Assert.Single(found.Nameservers).ToString());

        var before = _machine.Snapshot();
        _machine.Apply();
        Assert.Contains("nameserver 127.0.0.1\n", _machine.Read("/etc/resolv.conf"), StringComparison.Ordinal);
        _machine.Undo();
        Assert.Equal(before, _machine.Snapshot());
    }

    [Fact]
    public void A_missing_resolv_conf_is_missing_again_after_stop()
    {
        File.Delete(_machine.At("/etc/resolv.conf"));
        var before = _machine.Snapshot();
        _machine.Apply();
        Assert.Contains("nameserver 127.0.0.1\n", _machine.Read("/etc/resolv.conf"), StringComparison.Ordinal);
        _machine.Undo();
        Assert.Equal(before, _machine.Snapshot());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_crash_at_any_point_of_start_is_undone_whole(bool mounts)
    {
        for (var point = 0; ; point++)
        {
            using var machine = new FakeMachine();
            var before = machine.Snapshot();
            var crashed = Crashes(point, reached => machine.Apply(reached, mounts));
            machine.Undo();
            Assert.Equal(before, machine.Snapshot());
            Assert.Empty(machine.Mounts());
            if (!crashed)
            {
                Assert.True(point > 20, $"only {point} points");
                return;
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_crash_at_any_point_of_stop_is_taken_up_again(bool mounts)
    {
        for (var point = 0; ; point++)
        {
            using var machine = new FakeMachine();
            var before = machine.Snapshot();
            machine.Apply(tryMounts: mounts);
            var crashed = Crashes(point, reached => machine.Undo(reached));
            machine.Undo();
            Assert.Equal(before, machine.Snapshot());
            Assert.Empty(machine.Mounts());
            if (!crashed) return;
        }
    }

    [Fact]
    public void After_a_restart_what_lasts_is_undone()
    {
        var before = _machine.Snapshot();
        _machine.Apply();
        foreach (var point in _machine.Mounts()) Assert.Equal(0, HostCalls.Unmount(point));
        Directory.Delete(_machine.Paths.Runtime, recursive: true);
        Assert.NotEqual(before, _machine.Snapshot());
        _machine.Undo();
        Assert.Equal(before, _machine.Snapshot());
        Assert.Empty(_machine.Notes);
    }

    [Fact]
    [Trait("Row", "N9")]
    public void Where_mounts_are_not_to_be_had_files_are_written_in_place_and_put_back()
    {
        var before = _machine.Snapshot();
        var journal = _machine.Apply(tryMounts: false);
        Assert.DoesNotContain(journal.Steps, step => step is MountedFile or MountedFolder);
        Assert.Empty(_machine.Mounts());
        Assert.Contains("nameserver 127.0.0.1\n", _machine.Read("/etc/resolv.conf"), StringComparison.Ordinal);
        Assert.Equal(2, PemBundle.Certificates(_machine.Read("/etc/ssl/certs/ca-certificates.crt")).Count);
        _machine.Undo();
        Assert.Equal(before, _machine.Snapshot());
        Assert.Empty(_machine.Notes);
    }

    [Fact]
    public void A_file_that_was_changed_in_place_and_by_others_loses_our_part_only()
    {
        _machine.Apply(tryMounts: false);
        File.WriteAllText(_machine.At("/etc/resolv.conf"), "# by somebody\n" + _machine.Read("/etc/resolv.conf"));
        _machine.Undo();
        Assert.Equal("# by somebody\nsearch corp.test\nnameserver 192.0.2.53\n", _machine.Read("/etc/resolv.conf"));
        Assert.Equal("/etc/resolv.conf was changed by others meanwhile: it lost our part only.", Assert.Single(_machine.Notes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(40)]
    public void A_write_in_place_that_was_cut_short_is_put_back(int size)
    {
        var before = _machine.Snapshot();
        _machine.Apply(tryMounts: false);
        File.WriteAllText(_machine.At("/etc/resolv.conf"), _machine.Read("/etc/resolv.conf")[..size]);
        _machine.Undo();
        Assert.Equal(before, _machine.Snapshot());
    }

    [Fact]
    [Trait("Row", "N9")]
    public void A_resolv_conf_that_is_a_mount_point_is_written_where_it_is()
    {
        // As in a container: a rename over it fails.
        var engine = Path.Combine(_machine.Paths.Root, "engine");
        File.WriteAllText(engine, "nameserver 127.0.0.11\n");
        Assert.Equal(0, HostCalls.BindMount(engine, _machine.At("/etc/resolv.conf")));
        _machine.Apply(tryMounts: false);
        Assert.Equal("# kache: for a test.\nnameserver 127.0.0.1\n", File.ReadAllText(engine));
        _machine.Undo();
        Assert.Equal("nameserver 127.0.0.11\n", File.ReadAllText(engine));
    }

    [Fact]
    public void What_others_wrote_to_overlaid_files_is_kept_without_our_part()
    {
        _machine.Apply();
        File.AppendAllText(_machine.At("/etc/resolv.conf"), "options rotate\n");
        _machine.Undo();
        Assert.Equal("search corp.test\nnameserver 192.0.2.53\noptions rotate\n", _machine.Read("/etc/resolv.conf"));
        Assert.Equal("/etc/resolv.conf was changed by others meanwhile: their change was kept, ours was taken out.", Assert.Single(_machine.Notes));
    }

    [Fact]
    public void Roots_that_a_package_installs_meanwhile_stay()
    {
        _machine.Apply();
        // As update-ca-certificates does: files of its own, and the bundle by a rename.
        var third = HostTexts.Certificate("CN=Third");
        _machine.Write("/usr/local/share/ca-certificates/third.crt", third);
        _machine.Link("/etc/ssl/certs/third.pem", "/usr/local/share/ca-certificates/third.crt");
        File.WriteAllText(_machine.At("/etc/ssl/certs/new"), HostTexts.OtherCa + HostTexts.Ca + third);
        File.Move(_machine.At("/etc/ssl/certs/new"), _machine.At("/etc/ssl/certs/ca-certificates.crt"), overwrite: true);
        _machine.Undo();
        Assert.Equal(HostTexts.OtherCa + third, _machine.Read("/etc/ssl/certs/ca-certificates.crt"));
        Assert.Equal(third, _machine.Read("/etc/ssl/certs/third.pem"));
        Assert.DoesNotContain(_machine.Snapshot().Keys, path => path.Contains("kache-", StringComparison.Ordinal));
        Assert.Equal(2, _machine.Notes.Count);
    }

    [Fact]
    public void Roots_that_come_with_the_first_package_lose_our_part()
    {
        Directory.Delete(_machine.At("/etc/ssl"), recursive: true);
        _machine.Apply();
        _machine.Write("/etc/ssl/certs/ca-certificates.crt", HostTexts.OtherCa + HostTexts.Ca);
        _machine.Link("/etc/ssl/certs/kache-0123abcd.pem", "/usr/local/share/ca-certificates/kache-0123abcd.crt");
        _machine.Link("/etc/ssl/certs/89abcdef.0", "kache-0123abcd.pem");
        _machine.Undo();
        Assert.Equal(HostTexts.OtherCa, _machine.Read("/etc/ssl/certs/ca-certificates.crt"));
        Assert.Equal(["/etc/ssl/certs/ca-certificates.crt"], _machine.Snapshot().Keys.Where(path => path.StartsWith("/etc/ssl/certs/", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_mount_on_top_of_ours_is_told_and_the_rest_is_undone()
    {
        _machine.Apply();
        var other = Path.Combine(_machine.Paths.Root, "other");
        File.WriteAllText(other, "nameserver 203.0.113.1\n");
        Assert.Equal(0, HostCalls.BindMount(other, _machine.At("/etc/resolv.conf")));
        var left = _machine.Undo();
        Assert.Equal("/etc/resolv.conf", _machine.Paths.Told(Assert.Single(left.Steps).Target));
        Assert.Contains("Somebody mounted over /etc/resolv.conf", Assert.Single(_machine.Notes), StringComparison.Ordinal);
        // Theirs goes, ours is harmless, and the next stop finishes.
        HostCalls.Unmount(_machine.At("/etc/resolv.conf"));
        Assert.DoesNotContain("127.0.0.1", _machine.Read("/etc/resolv.conf"), StringComparison.Ordinal);
        Assert.Empty(_machine.Undo().Steps);
        Assert.Equal("search corp.test\nnameserver 192.0.2.53\n", _machine.Read("/etc/resolv.conf"));
    }

    [Fact]
    public void A_mount_of_ours_that_somebody_took_off_is_told()
    {
        var before = _machine.Snapshot();
        _machine.Apply();
        HostCalls.Unmount(_machine.At("/etc/resolv.conf"));
        Assert.Empty(_machine.Undo().Steps);
        Assert.Equal(before, _machine.Snapshot());
        Assert.Equal("What start had mounted over /etc/resolv.conf had been taken off already.", Assert.Single(_machine.Notes));
    }

    [Fact]
    public void A_python_package_that_is_upgraded_meanwhile_keeps_its_new_file()
    {
        _machine.Apply(tryMounts: false);
        const string Certifi = "/usr/lib/python3/dist-packages/certifi/cacert.pem";
        File.Delete(_machine.At(Certifi));
        _machine.Write(Certifi, "# newer\n" + HostTexts.OtherCa);
        _machine.Undo();
        Assert.Equal("# newer\n" + HostTexts.OtherCa, _machine.Read(Certifi));
        Assert.Contains("lost our part only", Assert.Single(_machine.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_store_that_cannot_be_read_is_left_and_told()
    {
        _machine.Write("/usr/lib/jvm/odd/lib/security/cacerts", "nonsense");
        var before = _machine.Snapshot();
        _machine.Apply();
        Assert.Contains("/usr/lib/jvm/odd/lib/security/cacerts is left as it is", Assert.Single(_machine.Notes), StringComparison.Ordinal);
        _machine.Undo();
        Assert.Equal(before, _machine.Snapshot());
    }

    [Fact]
    public void Where_systemd_is_a_unit_undoes_what_lasts_at_boot()
    {
        Directory.CreateDirectory(_machine.At("/run/systemd/system"));
        var before = _machine.Snapshot();
        var journal = _machine.Apply();
        Assert.Contains("host-undo", _machine.Read("/etc/systemd/system/kache-host-undo.service"), StringComparison.Ordinal);
        Assert.Equal("/etc/systemd/system/kache-host-undo.service", new FileInfo(_machine.At("/etc/systemd/system/sysinit.target.wants/kache-host-undo.service")).LinkTarget);
        // It is there before anything else that lasts.
        Assert.Equal("kache-host-undo.service", Path.GetFileName(journal.Steps.First(s => s.Lasts && s is MadeFile or WrittenFile).Target));
        _machine.Undo();
        Assert.Equal(before, _machine.Snapshot());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Row", "T1")]
    public void Red_Hats_roots_are_found_where_its_symlinks_lead(bool mounts)
    {
        Directory.Delete(_machine.At("/etc/ssl/certs"), recursive: true);
        File.Delete(_machine.At("/etc/debian_version"));
        Directory.Delete(_machine.At("/usr/local/share/ca-certificates"));
        _machine.Write("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", HostTexts.OtherCa);
        _machine.Write("/etc/pki/ca-trust/extracted/pem/email-ca-bundle.pem", HostTexts.OtherCa);
        _machine.Write("/etc/pki/ca-trust/extracted/openssl/ca-bundle.trust.crt", HostTexts.OtherCa);
        _machine.Write("/etc/pki/ca-trust/extracted/java/cacerts", JavaKeyStore.Write(0, [], "changeit"));
        Directory.CreateDirectory(_machine.At("/etc/pki/ca-trust/source/anchors"));
        _machine.Link("/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem");
        _machine.Link("/etc/pki/tls/cert.pem", "certs/ca-bundle.crt");
        _machine.Link("/etc/ssl/certs", "../pki/tls/certs");
        _machine.Link("/usr/lib/jvm/java/lib/security/cacerts", "/etc/pki/ca-trust/extracted/java/cacerts");
        var before = _machine.Snapshot();
        _machine.Apply(tryMounts: mounts);
        foreach (var file in new[] { "/etc/ssl/certs/ca-bundle.crt", "/etc/pki/tls/cert.pem", "/etc/pki/ca-trust/extracted/openssl/ca-bundle.trust.crt" })
            Assert.Equal(2, PemBundle.Certificates(_machine.Read(file)).Count);
        Assert.Single(PemBundle.Certificates(_machine.Read("/etc/pki/ca-trust/extracted/pem/email-ca-bundle.pem")));
        Assert.Equal(HostTexts.Ca, _machine.Read("/etc/pki/ca-trust/source/anchors/kache-0123abcd.pem"));
        Assert.Single(JavaKeyStore.Entries(File.ReadAllBytes(_machine.Paths.Real(_machine.At("/usr/lib/jvm/java/lib/security/cacerts")))));
        Assert.Empty(_machine.Notes);
        _machine.Undo();
        Assert.Equal(before, _machine.Snapshot());
        Assert.Empty(_machine.Notes);
    }

    [Fact]
    [Trait("Row", "T1")]
    public void A_JVMs_own_store_and_the_one_that_JAVA_TOOL_OPTIONS_names_get_ours()
    {
        byte[] Store(string password) => JavaKeyStore.Write(1, [JavaKeyStore.Entry("other", PemBundle.Der(HostTexts.OtherCa), DateTimeOffset.UnixEpoch)], password);
        _machine.Write("/opt/jdk/lib/security/cacerts", Store("changeit"));
        _machine.Write("/srv/trust.jks", Store("secret"));
        _machine.Variables["JAVA_TOOL_OPTIONS"] = "-Xmx1g -Djavax.net.ssl.trustStore=/srv/trust.jks -Djavax.net.ssl.trustStorePassword=secret";
        var before = _machine.Snapshot();
        _machine.Apply();
        Assert.Equal(2, JavaKeyStore.Entries(File.ReadAllBytes(_machine.At("/opt/jdk/lib/security/cacerts"))).Count);
        Assert.True(JavaKeyStore.IsSealedWith(File.ReadAllBytes(_machine.At("/srv/trust.jks")), "secret"));
        Assert.Equal(2, JavaKeyStore.Entries(File.ReadAllBytes(_machine.At("/srv/trust.jks"))).Count);
        _machine.Undo();
        Assert.Equal(before, _machine.Snapshot());
    }

    [Fact]
    public void Two_at_once_are_refused()
    {
        using var first = HostLock.Take(_machine.Paths);
        Assert.Throws<HostException>(() => HostLock.Take(_machine.Paths));
    }

    /// <summary>Runs and dies at the n-th point, as kill -9 would: nothing after it happens.</summary>
    private static bool Crashes(int point, Action<Action<string>> run)
    {
        try
        {
            run(_ =>
            {
                if (point-- == 0) throw new CrashException();
            });
            return false;
        }
        catch (CrashException)
        {
            return true;
        }
    }

    private sealed class CrashException : Exception;
}
