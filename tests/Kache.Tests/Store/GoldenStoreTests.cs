using System.Text;
using Kache.Exchanges;
using Kache.Store;
using Xunit;

namespace Kache.Tests.Store;

/// <summary>
/// Stores as earlier versions wrote them stay readable, and the same exchanges keep their digests. Golden/v1 was made by
/// <see cref="Makes_the_store_of_this_version"/> and is never made again: a new format gets a folder of its own.
/// </summary>
public sealed class GoldenStoreTests
{
    private const string Sealed = "sha256:b8a40a355ddd97264c1ec351692f15dfbde93faf751a6c2c80547df8241893f4";
    private const string Running = "sha256:f5935a4cec93de3cdfc563a565da3b2a31a6ca3d4f7bb21e7e1690f5b5ed2ce9";
    private const string Tag = "golden/one:1";

    private static readonly byte[] Text = Encoding.ASCII.GetBytes("a small body\n");
    private static readonly byte[] Page = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i / 1000))];
    private static readonly byte[] Large = [.. Enumerable.Range(0, (1024 * 1024) + 9).Select(i => (byte)(i >> 12))];

    private static readonly NameLookup[] Lookups = [new("pkg.test", 1, 0, default), new("nowhere.test", 1, 3, default), new("pkg.test", 16, 0, new byte[] { 0x12, 0x34, 0x81, 0x80 })];
    private static readonly Gap[] Gaps = [new(Sample.Noon, GapKind.Tunnel, "git.test:22", "The bytes were passed on unread: neither TLS nor HTTP."), new(Sample.Noon.AddSeconds(-1), GapKind.BypassedName, "b\u00fccher.test", "Bypassed.")];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_store_of_version_1_is_read()
    {
        await using var temporary = await OpenCopyAsync("v1");
        Assert.True(TagName.TryParse(Tag, out var tag));
        var entry = Assert.Single(await temporary.Store.Catalog.TagsAsync(Stop));
        Assert.Equal((tag, Digest.Parse(Sealed)), (entry.Tag, entry.Digest));
        using var recording = await temporary.Store.OpenRecordingAsync(entry.Digest, Stop);
        Assert.Equal(Gaps.OrderBy(gap => gap.At), recording.Gaps);
        foreach (var lookup in Lookups)
        {
            var kept = recording.FindName(lookup.Name, lookup.Type)!;
            Assert.Equal((lookup.ResponseCode, Convert.ToHexString(lookup.Answer.Span)), (kept.ResponseCode, Convert.ToHexString(kept.Answer.Span)));
        }
        var expected = Exchanges();
        var read = new List<Exchange>();
        await foreach (var exchange in recording.ReadAllAsync(Stop)) read.Add(exchange);
        Assert.Equivalent(expected, read, strict: true);
        foreach (var (bytes, exchange) in ((byte[][])[[], Page, Text, Large]).Zip(read))
        {
            using var body = recording.OpenBody(exchange.Response.Body.Digest)!;
            Assert.Equal(bytes, await body.ReadAsync(0, body.Length));
        }
    }

    [Fact]
    public async Task A_running_session_of_version_1_goes_on_and_is_sealed()
    {
        await using var temporary = await OpenCopyAsync("v1");
        await using var journal = await temporary.Store.OpenJournalAsync("golden2", Stop);
        Assert.Equal((3, 1), (journal.Summary.Requests, journal.Summary.Gaps));
        Assert.Equal(2, journal.CredentialOrdinals["Bearer"]);
        Assert.Equal(4, journal.NextOrdinal());
        Assert.Equal(Digest.Parse(Running), await temporary.Store.SealAsync(journal, Stop));
    }

    [Fact]
    public async Task The_same_exchanges_have_the_digest_that_they_had_in_version_1()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        await RecordAsync(temporary.Store, "other");
        await using var journal = await temporary.Store.OpenJournalAsync("other", Stop);
        Assert.Equal(Digest.Parse(Sealed), await temporary.Store.SealAsync(journal, Stop));
    }

    /// <summary>Run by hand, once for each version of the format, with KACHE_GOLDEN naming a new folder.</summary>
    [Fact(Explicit = true)]
    public async Task Makes_the_store_of_this_version()
    {
        var folder = Environment.GetEnvironmentVariable("KACHE_GOLDEN") ?? throw new InvalidOperationException("KACHE_GOLDEN names the folder to make.");
        await using var temporary = await TemporaryStore.OpenAsync();
        var digest = await RecordAsync(temporary.Store, "golden1");
        temporary.Store.RemoveJournal("golden1");
        Assert.True(TagName.TryParse(Tag, out var tag));
        await temporary.Store.Catalog.MoveTagAsync(tag, digest, Stop);
        Digest running;
        await using (var journal = await temporary.Store.OpenJournalAsync("golden2", Stop))
        {
            var exchanges = Exchanges();
            foreach (var i in (int[])[3, 0, 1])
            {
                var request = exchanges[i].Request with { Fields = new Fields([new Field("authorization", $"Bearer #{1 + (i % 2)}")]) };
                await journal.AppendAsync(exchanges[i] with { Request = request, Response = exchanges[i].Response with { Body = await journal.WriteAsync(Text) } });
            }
            await journal.AppendAsync(Gaps[0]);
            running = await temporary.Store.SealAsync(journal, Stop);
        }
        await temporary.Store.RemoveRecordingAsync(running, Stop);
        await temporary.CloseAsync();
        Directory.Delete(Path.Combine(temporary.Root, "derived"), recursive: true);
        Directory.Move(temporary.Root, folder);
        TestContext.Current.SendDiagnosticMessage($"{digest} {running}");
    }

    private static async Task<Digest> RecordAsync(DataStore store, string session)
    {
        await using var journal = await store.OpenJournalAsync(session, Stop);
        foreach (var bytes in (byte[][])[Large, Text, Page]) await journal.WriteAsync(bytes);
        foreach (var exchange in Exchanges().Reverse()) await journal.AppendAsync(exchange);
        foreach (var lookup in Lookups) await journal.AppendAsync(lookup);
        foreach (var gap in Gaps) await journal.AppendAsync(gap);
        return await store.SealAsync(journal, Stop);
    }

    private static Exchange[] Exchanges()
    {
        var sample = Sample.Exchange(0);
        return
        [
            sample,
            Sample.Exchange(1, new Body(Digest.Of(Page), Page.Length)) with { Outcome = ExchangeOutcome.Incomplete, Error = "http_response_incomplete" },
            Sample.Exchange(2, new Body(Digest.Of(Text), Text.Length), sent: new Body(Digest.Of("sent"u8), 1L << 40, Kept: false)) with
            {
                CertificateChain = Digest.Of("chain"u8), Withheld = ["if-none-match", "if-modified-since"],
            },
            Sample.Exchange(3, new Body(Digest.Of(Large), Large.Length)) with
            {
                Request = sample.Request with { Method = "QUERY", Scheme = "http", Authority = new Authority("[2001:db8::1]", 8080), Target = "/\u00e9//..%2f", Version = "1.0" },
                Response = new RecordedResponse(
                    599, "Odd \u00e9", "1.1", new Fields([new Field("x-empty", ""), new Field("x-bytes", "\u0001\u00ff")]), Framing.Chunked,
                    new Body(Digest.Of(Large), Large.Length), new Fields([new Field("digest", "sha-256=x")])),
            },
        ];
    }

    private static async Task<TemporaryStore> OpenCopyAsync(string version)
    {
        var golden = Path.Combine(AppContext.BaseDirectory, "Golden", version);
        var copy = TemporaryStore.NewFolder();
        foreach (var file in Directory.EnumerateFiles(golden, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(copy, Path.GetRelativePath(golden, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }
        return await TemporaryStore.OpenAsync(copy);
    }
}
