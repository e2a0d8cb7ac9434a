using Kache.Api;
using Kache.Cli;
using Kache.Cli.Output;
using Xunit;

namespace Kache.Tests.Cli;

public sealed class OutputTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 5, 12, 0, 0, TimeSpan.Zero);

    private readonly TestShell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(5L << 40, "5 TiB")]
    [InlineData(long.MaxValue, "8192 PiB")]
    public void Amounts_are_as_people_read_them(long bytes, string expected) => Assert.Equal(expected, Words.Bytes(bytes));

    [Fact]
    public void A_short_digest_can_be_used_as_a_reference()
    {
        var digest = Kache.Exchanges.Digest.Empty.ToString();
        Assert.True(Kache.Store.Reference.TryParse(Words.Short(digest), out _));
        Assert.Equal("-", Words.Short(null));
    }

    [Fact]
    public void A_table_is_aligned_and_nothing_is_cut()
    {
        var output = new StringWriter();
        var table = new Table("NAME", "COUNT").Numbers(1);
        table.Add("a long name", "7");
        table.Add("b", "1000000");
        table.Write(output);
        Assert.Equal("NAME           COUNT\na long name        7\nb            1000000\n", output.ToString());
    }

    [Theory]
    [InlineData("record", 0, 0, false, ExitCode.Done)]
    [InlineData("record", 0, 3, false, ExitCode.Done)]
    [InlineData("record", 0, 3, true, ExitCode.Gaps)]
    [InlineData("playback", 0, 0, true, ExitCode.Done)]
    [InlineData("playback", 1, 0, false, ExitCode.Misses)]
    [InlineData("playback", 0, 1, true, ExitCode.Gaps)]
    [InlineData("playback", 1, 1, true, ExitCode.Misses)]
    public void How_a_session_ended_makes_the_exit_code(string mode, int misses, int gaps, bool strict, int expected) =>
        Assert.Equal(expected, EndReport.Write(_shell.Shell, Closed(mode, misses, gaps, strict), json: false));

    [Fact]
    public void The_end_of_a_recording_tells_requests_hosts_bytes_gaps_and_digest()
    {
        EndReport.Write(_shell.Shell, Closed("record", 0, 2, strict: false), json: false);
        Assert.Equal("""
            tag       example1
            session   s1
            requests  7
            hosts     2
            bytes     2048 (2 KiB)
            gaps      2
            digest    sha256:abc
            gap       tunnel host0.test: untouched
            gap       tunnel host1.test: untouched

            """, _shell.Out);
    }

    [Fact]
    public void Long_lists_are_cut_and_what_is_left_out_is_counted()
    {
        EndReport.Write(_shell.Shell, Closed("playback", 1200, 0, strict: false), json: false);
        Assert.Contains("misses    1200\n", _shell.Out);
        Assert.Contains("miss      GET https://host0.test/\n          closest: GET https://near.test/ (the path is another)\n", _shell.Out);
        Assert.Contains("and 1150 more misses; 'kache log s1'", _shell.Out);
    }

    [Fact]
    public void As_JSON_the_same_facts_have_documented_names()
    {
        EndReport.Write(_shell.Shell, Closed("record", 0, 1, strict: true), json: true);
        Assert.Equal("{\"id\":\"s1\",\"mode\":\"record\",\"tag\":\"example1\",\"digest\":\"sha256:abc\",\"requests\":7,\"hosts\":2,\"bytes\":2048,\"gap_count\":1," +
            "\"gaps\":[{\"at\":\"2026-11-05T12:00:00+00:00\",\"kind\":\"tunnel\",\"where\":\"host0.test\",\"detail\":\"untouched\"}]," +
            "\"miss_count\":0,\"misses\":[],\"strict\":true,\"tag_moved\":true}\n", _shell.Out);
    }

    [Fact]
    [Trait("Row", "T2")]
    public async Task The_variables_name_a_bundle_of_the_systems_roots_the_users_and_ours()
    {
        var own = _shell.Write("corporate.pem", "-----CORPORATE-----\n");
        using var shell = new TestShell("", ("REQUESTS_CA_BUNDLE", own), ("PIP_CERT", own), ("SSL_CERT_FILE", "/does/not/exist"));
        await SessionVariables.WriteAsync(shell.Shell, Opened("http://s1:secret@192.0.2.1:3128"), TestContext.Current.CancellationToken);
        Assert.Contains("export HTTPS_PROXY=http://s1:secret@192.0.2.1:3128\n", shell.Out);
        var line = shell.Out.Split('\n').Single(l => l.StartsWith("export SSL_CERT_FILE=", StringComparison.Ordinal));
        var bundle = await File.ReadAllTextAsync(line.Split('=')[1], TestContext.Current.CancellationToken);
        Assert.EndsWith("-----CORPORATE-----\n-----OURS-----\n", bundle);
        Assert.Equal(2, bundle.Split("-----CORPORATE-----").Length);
        if (File.Exists("/etc/ssl/certs/ca-certificates.crt")) Assert.Contains("-----BEGIN CERTIFICATE-----", bundle);
    }

    [Fact]
    public async Task Without_an_explicit_proxy_there_are_no_variables()
    {
        await SessionVariables.WriteAsync(_shell.Shell, Opened(null), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("export", _shell.Out);
        Assert.Contains("no explicit proxy", _shell.Error);
    }

    private static SessionOpened Opened(string? proxy) =>
        new("s1", "record", "example1", null, "secret", proxy, [], [], 0, "-----OURS-----\n", "sha256:0123456789abcdef0123", "probe.test");

    private static SessionClosed Closed(string mode, int misses, int gaps, bool strict) => new(
        "s1", mode, "example1", "sha256:abc", 7, 2, 2048,
        gaps, [.. Enumerable.Range(0, gaps).Select(i => new GapInfo(Noon, "tunnel", $"host{i}.test", "untouched"))],
        misses, [.. Enumerable.Range(0, Math.Min(misses, 1000)).Select(i => new MissInfo(Noon, "GET", $"https://host{i}.test/", "GET https://near.test/ (the path is another)"))],
        strict, true);
}
