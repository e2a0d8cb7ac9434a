using System.Text.Json;
using Kache.Cli;
using Kache.Exchanges;
using Kache.Store;
using Kache.Tests.Store;
using Xunit;

namespace Kache.Tests.Cli;

/// <summary>Commands that work on a data folder that no server owns.</summary>
public sealed class LocalCommandsTests : IAsyncLifetime
{
    private readonly TestShell _shell = new();
    private Digest _digest;

    private string Data => Path.Combine(_shell.Home, "data");

    public async ValueTask InitializeAsync()
    {
        await using var store = await DataStore.OpenAsync(Data, StoreAccess.Companion, TimeProvider.System, default);
        await using var journal = await store.OpenJournalAsync("s1", default);
        for (var i = 0; i < 2; i++) await journal.AppendAsync(Sample.Exchange(i));
        _digest = await store.SealAsync(journal, default);
        Assert.True(TagName.TryParse("example1", out var tag));
        await store.Catalog.MoveTagAsync(tag, _digest, default);
    }

    public ValueTask DisposeAsync()
    {
        _shell.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Tags_are_listed_and_the_store_is_named_on_stderr()
    {
        Assert.Equal(ExitCode.Done, await _shell.RunAsync("ls"));
        Assert.Matches(@"\ATAG\s+DIGEST\s+REQUESTS\s+BYTES\s+HOSTS\s+GAPS\s+MOVED\nexample1\s+sha256:[0-9a-f]{12}\s+2\s+0 B\s+1\s+0\s+\S+ \S+\n\z", _shell.Out);
        Assert.Contains($"[store {Data}", _shell.Error);
    }

    [Fact]
    public async Task A_recording_is_shown_by_tag_by_digest_and_as_JSON()
    {
        Assert.Equal(ExitCode.Done, await _shell.RunAsync("show", _digest.ToString()[..19]));
        Assert.Contains($"digest    {_digest}\ntags      example1\nrequests  2\n", _shell.Out);
        using var other = Beside();
        Assert.Equal(ExitCode.Done, await other.RunAsync("show", "example1", "--json"));
        var shown = JsonDocument.Parse(other.Out).RootElement;
        Assert.Equal((_digest.ToString(), 2), (shown.GetProperty("digest").GetString(), shown.GetProperty("requests").GetInt32()));
    }

    [Theory]
    [InlineData("show none", ExitCode.Failed, "There is no recording 'none' here.")]
    [InlineData("show Bad", ExitCode.WrongUsage, "'Bad' is not a reference")]
    [InlineData("show sha256:00", ExitCode.WrongUsage, "is not a reference")]
    [InlineData("tag example1 Bad", ExitCode.WrongUsage, "'Bad' is not a tag")]
    [InlineData("tag none new", ExitCode.Failed, "There is no recording 'none' here.")]
    [InlineData("rm none", ExitCode.Failed, "There is no recording 'none' here.")]
    [InlineData("log none", ExitCode.Failed, "There is no session 'none'")]
    [InlineData("session open record --tag=a", ExitCode.Failed, "No server is running on")]
    [InlineData("session close none", ExitCode.Failed, "No server is running on")]
    [InlineData("session open record --tag=Bad", ExitCode.WrongUsage, "'Bad' is not a reference")]
    [InlineData("token create ci --allow=nonsense", ExitCode.WrongUsage, "'nonsense' is not something a token can be allowed")]
    [InlineData("token revoke none", ExitCode.Failed, "There is no token 'none'")]
    public async Task What_cannot_be_done_has_its_code_and_changes_nothing(string line, int code, string message)
    {
        Assert.Equal(code, await _shell.RunAsync(line.Split(' ')));
        Assert.Contains(message, _shell.Error);
        Assert.Empty(_shell.Out);
        using var after = Beside();
        await after.RunAsync("show", "example1");
        Assert.Contains(_digest.ToString(), after.Out);
    }

    [Fact]
    public async Task A_tag_is_made_moved_and_removed()
    {
        Assert.Equal(ExitCode.Done, await _shell.RunAsync("tag", "example1", "team/new:1"));
        Assert.Equal($"team/new:1 {_digest}\n", _shell.Out);
        Assert.Equal(ExitCode.Done, await _shell.RunAsync("rm", "team/new:1"));
        Assert.Contains("Removed team/new:1.", _shell.Error);
    }

    [Fact]
    public async Task A_token_is_printed_alone_and_kept_as_a_hash()
    {
        Assert.Equal(ExitCode.Done, await _shell.RunAsync("token", "create", "ci", "--allow", "record:team/*", "--allow=playback:*"));
        Assert.Matches(@"\Akache_[A-Za-z0-9_-]{43}\n\z", _shell.Out);
        foreach (var file in Directory.EnumerateFiles(Data, "*", SearchOption.AllDirectories))
            Assert.DoesNotContain(_shell.Out.Trim(), File.ReadAllText(file, System.Text.Encoding.Latin1), StringComparison.Ordinal);
        using var list = Beside();
        Assert.Equal(ExitCode.Done, await list.RunAsync("token", "ls"));
        Assert.Contains("record:team/* playback:*", list.Out);
    }

    [Fact]
    public async Task The_CA_is_shown_and_exported_without_its_key()
    {
        Assert.Equal(ExitCode.Done, await _shell.RunAsync("ca", "export"));
        Assert.StartsWith("-----BEGIN CERTIFICATE-----", _shell.Out);
        Assert.DoesNotContain("PRIVATE", _shell.Out, StringComparison.Ordinal);
        using var show = Beside();
        Assert.Equal(ExitCode.Done, await show.RunAsync("ca", "show"));
        Assert.Matches(@"fingerprint  sha256:[0-9a-f]{64}\n", show.Out);
    }

    [Fact]
    public async Task A_tag_that_is_in_another_local_store_is_told_so()
    {
        using var shell = new TestShell("", ("HOME", _shell.Home), ("KACHE_DATA", Path.Combine(_shell.Home, "empty")), ("XDG_DATA_HOME", Path.Combine(_shell.Home, "xdg")));
        Directory.CreateDirectory(Path.Combine(_shell.Home, "xdg"));
        Directory.Move(Data, Path.Combine(_shell.Home, "xdg", "kache"));
        Assert.Equal(ExitCode.Failed, await shell.RunAsync("show", "example1"));
        Assert.Contains($"It is in the store {Path.Combine(_shell.Home, "xdg", "kache")}", shell.Error);
    }

    [Fact]
    public async Task A_folder_without_a_server_says_that_none_runs()
    {
        Assert.Equal(ExitCode.Done, await _shell.RunAsync("status"));
        Assert.Contains("server     none is running\n", _shell.Out);
        using var list = Beside();
        Assert.Equal(ExitCode.Done, await list.RunAsync("session", "ls", "--json"));
        Assert.Equal("[]\n", list.Out);
    }

    private TestShell Beside() => new("", ("HOME", _shell.Home), ("KACHE_DATA", Data));
}
