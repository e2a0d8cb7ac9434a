using System.Text;
using System.Text.Json;
using Kache.Cli;
using Kache.Exchanges;
using Kache.Store;
using Kache.Tests.Playback.Matching;
using Xunit;

namespace Kache.Tests.Cli;

/// <summary><c>why</c>, <c>verify</c> and <c>diff</c> as they are typed, on a data folder that no server has.</summary>
public sealed class QuestionCommandTests : IAsyncLifetime
{
    private readonly TestShell _shell = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Data => Path.Combine(_shell.Home, "data");

    public async ValueTask InitializeAsync()
    {
        await RecordAsync("old", ("/a", "one"), ("/rpc", "answer"));
        await RecordAsync("new", ("/a", "another"), ("/b", "two"), ("/rpc", "answer"));
    }

    public ValueTask DisposeAsync()
    {
        _shell.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    [Trait("Row", "H21")]
    public async Task Why_says_by_which_rule_a_request_is_answered()
    {
        var why = await JsonAsync(ExitCode.Done, "why", "https://origin.test/a", "--tag=old", "--header", "Range: bytes=1-1");

        Assert.Equal(("exact+range", 206), (why.GetProperty("step").GetString(), why.GetProperty("status").GetInt32()));
        Assert.Equal(3, why.GetProperty("answers")[0].GetProperty("bytes").GetInt32());
    }

    [Fact]
    [Trait("Row", "H21")]
    public async Task Why_ends_with_3_for_a_miss_and_names_what_is_nearest()
    {
        Assert.Equal(ExitCode.Misses, await _shell.RunAsync("why", "https://origin.test/a?v=2", "--tag=old"));
        Assert.Contains("step       miss\n", _shell.Out, StringComparison.Ordinal);
        Assert.Contains("GET https://origin.test/a", _shell.Out, StringComparison.Ordinal);
        Assert.Contains("the query differs in v", _shell.Out, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "H3")]
    public async Task Why_goes_by_what_a_body_says()
    {
        var body = _shell.Write("body.json", """{ "b" : 2, "a" : 1.0 }""");
        var why = await JsonAsync(ExitCode.Done, "why", "https://origin.test/rpc", "--tag=old", "--header", "Content-Type: application/json", "--body", body);

        Assert.Equal(("POST", "exact"), (why.GetProperty("method").GetString(), why.GetProperty("step").GetString()));
        await JsonAsync(ExitCode.Misses, "why", "https://origin.test/rpc", "--tag=old", "--body", body);
    }

    [Theory]
    [InlineData("why", "pkg.test/a", "--tag=old")]
    [InlineData("why", "https://origin.test/a", "--tag=old", "--header=nonsense")]
    [InlineData("why", "https://origin.test/a")]
    [InlineData("verify")]
    [InlineData("diff", "old")]
    public async Task Wrong_words_are_wrong_usage(params string[] words) => Assert.Equal(ExitCode.WrongUsage, await _shell.RunAsync(words));

    [Theory]
    [InlineData("why", "https://origin.test/a", "--tag=gone")]
    [InlineData("verify", "gone")]
    [InlineData("diff", "old", "gone")]
    public async Task What_is_not_there_fails(params string[] words) => Assert.Equal(ExitCode.Failed, await _shell.RunAsync(words));

    [Fact]
    public async Task Verify_reads_and_replays()
    {
        var report = await JsonAsync(ExitCode.Done, "verify", "new");

        Assert.Equal((3, 4, 0), (report.GetProperty("requests").GetInt32(), report.GetProperty("bodies").GetInt32(), report.GetProperty("problem_count").GetInt32()));
    }

    [Fact]
    public async Task Verify_fails_when_a_stored_body_has_changed()
    {
        var pack = Directory.EnumerateFiles(Path.Combine(Data, "packs")).First(file => File.ReadAllText(file, Encoding.Latin1).Contains("one", StringComparison.Ordinal));
        var bytes = await File.ReadAllBytesAsync(pack, Stop);
        bytes[bytes.AsSpan().IndexOf("one"u8)] = (byte)'O';
        await File.WriteAllBytesAsync(pack, bytes, Stop);

        Assert.Equal(ExitCode.Failed, await _shell.RunAsync("verify", "old"));
        Assert.Contains(Digest.Of("one"u8).ToString(), _shell.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Diff_tells_host_by_host()
    {
        var diff = await JsonAsync(ExitCode.Done, "diff", "old", "new");

        var host = diff.GetProperty("hosts")[0];
        Assert.Equal((1, 0, 1, 1), (host.GetProperty("added").GetInt32(), host.GetProperty("gone").GetInt32(), host.GetProperty("changed").GetInt32(), host.GetProperty("same").GetInt32()));
        Assert.Equal(["changed https://origin.test/a", "added https://origin.test/b"], diff.GetProperty("changes").EnumerateArray().Select(change => $"{change.GetProperty("change")} {change.GetProperty("url")}"));
        Assert.Equal(ExitCode.Done, await _shell.RunAsync("diff", "old", "new"));
        Assert.Contains("~ GET https://origin.test/a\n    was 200 3 B", _shell.Out, StringComparison.Ordinal);
        Assert.Contains("+ GET https://origin.test/b\n", _shell.Out, StringComparison.Ordinal);
    }

    private async Task<JsonElement> JsonAsync(int code, params string[] words)
    {
        var before = _shell.Out.Length;
        Assert.Equal(code, await _shell.RunAsync([.. words, "--json"]));
        using var document = JsonDocument.Parse(_shell.Out[before..]);
        return document.RootElement.Clone();
    }

    private async Task RecordAsync(string tag, params (string Target, string Body)[] exchanges)
    {
        await using var store = await DataStore.OpenAsync(Data, StoreAccess.Companion, TimeProvider.System, Stop);
        await using var journal = await store.OpenJournalAsync(tag, Stop);
        foreach (var (target, body) in exchanges)
        {
            await WriteAsync(journal, body);
            var exchange = Recorded.Exchange(journal.NextOrdinal(), target == "/rpc" ? "content-type: application/json" : "", target: target, body: body, method: target == "/rpc" ? "POST" : "GET");
            if (target == "/rpc") exchange = exchange with { Request = exchange.Request with { Body = await WriteAsync(journal, """{"a":1,"b":2}""") } };
            await journal.AppendAsync(exchange);
        }
        Assert.True(TagName.TryParse(tag, out var name));
        await store.Catalog.MoveTagAsync(name, await store.SealAsync(journal, Stop), Stop);
    }

    private static async Task<Body> WriteAsync(SessionJournal journal, string text)
    {
        await using var writer = journal.CreateBody();
        await writer.WriteAsync(Encoding.Latin1.GetBytes(text), Stop);
        return await writer.CompleteAsync(Stop);
    }
}
