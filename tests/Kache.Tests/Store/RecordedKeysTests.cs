using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using Kache.Exchanges;
using Kache.Exchanges.Bodies;
using Kache.Playback;
using Kache.Playback.Matching;
using Kache.Store;
using Kache.Store.Recordings;
using Xunit;

namespace Kache.Tests.Store;

/// <summary>Recorded requests are found by what their bodies mean, which is read from the store when the index is made.</summary>
[Trait("Row", "H3")]
public sealed class RecordedKeysTests
{
    private const string Json = "application/json";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> SameMeaning => new()
    {
        { Json, """{"a":1,"b":[2]}""", """{ "b":[2.0], "a":1 }""" },
        { "application/x-www-form-urlencoded", "a=1&b=2", "b=2&a=%31" },
        // A packed body, and one that is a blob of several MiB.
        { Json, $$"""{"a":"{{new string('x', 900_000)}}","b":1}""", $$"""{"b":1,"a":"{{new string('x', 900_000)}}"}""" },
        { Json, $$"""{"a":"{{new string('x', 3_000_000)}}","b":1}""", $$"""{"b":1,"a":"{{new string('x', 3_000_000)}}"}""" },
    };

    [Theory]
    [MemberData(nameof(SameMeaning))]
    public async Task A_request_is_found_by_another_that_says_the_same(string type, string recorded, string asked)
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        using var recording = await RecordAsync(temporary, type, null, Encoding.UTF8.GetBytes(recorded));

        Assert.NotNull(await FindAsync(recording, CanonicalBody.Of(type, null, Encoding.UTF8.GetBytes(asked))));
        Assert.Null(await FindAsync(recording, CanonicalBody.Of(type, null, Encoding.UTF8.GetBytes(asked.Replace('1', '7')))));
    }

    [Fact]
    [Trait("Row", "C3")]
    public async Task A_gzipped_audit_is_found_by_one_that_was_packed_by_another_gzip()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var audit = Encoding.UTF8.GetBytes("""{"left-pad":["1.3.0"]}""");
        var (small, quick) = (Gzip(audit, CompressionLevel.SmallestSize), Gzip(audit, CompressionLevel.NoCompression));
        Assert.NotEqual(small, quick);
        using var recording = await RecordAsync(temporary, Json, "gzip", small);

        Assert.NotNull(await FindAsync(recording, CanonicalBody.Of(Json, "gzip", quick)));
    }

    [Fact]
    public async Task A_body_without_a_known_meaning_is_found_by_its_bytes()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        using var recording = await RecordAsync(temporary, "application/octet-stream", null, Sample.Bytes(5_000_000));

        Assert.NotNull(await FindAsync(recording, Digest.Of(Sample.Bytes(5_000_000))));
    }

    [Fact]
    public async Task A_body_that_was_not_kept_is_found_by_its_bytes()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var body = new Body(Digest.Of("{}"u8), 2, Kept: false);
        var digest = await temporary.RecordAsync("s1", Post(0, Json, null, body));
        using var recording = await temporary.Store.OpenRecordingAsync(digest, Stop);

        Assert.NotNull(await FindAsync(recording, body.Digest));
    }

    [Fact]
    public async Task An_index_that_was_made_by_other_rules_is_made_again()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        Digest digest;
        using (var recording = await RecordAsync(temporary, Json, null, "{}"u8.ToArray())) digest = recording.Digest;
        var file = temporary.Paths.Index(digest);
        var index = await File.ReadAllBytesAsync(file, Stop);
        // The number of the rules, and the sum over all.
        BitConverter.TryWriteBytes(index.AsSpan(40 + 24), ExchangeKey.Rules + 1);
        var sum = new XxHash3();
        sum.Append(index.AsSpan(0, IndexLayout.SumOffset));
        sum.Append(index.AsSpan(IndexLayout.HeadSize));
        BitConverter.TryWriteBytes(index.AsSpan(IndexLayout.SumOffset), sum.GetCurrentHashAsUInt64());
        await File.WriteAllBytesAsync(file, index, Stop);

        Assert.Null(RecordingIndex.TryOpen(temporary.Paths, digest));
        using var again = await temporary.Store.OpenRecordingAsync(digest, Stop);
        Assert.NotNull(await FindAsync(again, CanonicalBody.Of(Json, null, " {} "u8.ToArray())));
        RecordingIndex.TryOpen(temporary.Paths, digest)!.Dispose();
    }

    private static async Task<SealedRecording> RecordAsync(TemporaryStore temporary, string type, string? encoding, byte[] sent)
    {
        Digest digest;
        await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop))
        {
            await journal.AppendAsync(Post(journal.NextOrdinal(), type, encoding, await journal.WriteAsync(sent)));
            digest = await temporary.Store.SealAsync(journal, Stop);
        }
        return await temporary.Store.OpenRecordingAsync(digest, Stop);
    }

    private static async Task<AnswerClass?> FindAsync(SealedRecording recording, Digest body)
    {
        await using var survey = new RecordingSurvey(recording);
        var asked = new AskedRequest("POST", "https", new Authority("pkg.test", 443), "pkg.test", "/rpc", body, new RecordedFields(Fields.None));
        var found = await new Finder(recording, survey, faithful: false).FindAsync(asked, Stop);
        Assert.Equal(MatchStep.Exact, found.Step);
        return found.Answers;
    }

    private static Exchange Post(long ordinal, string type, string? encoding, Body sent)
    {
        var exchange = Sample.Exchange(ordinal, target: "/rpc", sent: sent);
        var fields = exchange.Request.Fields.Append(new Field("content-type", type));
        if (encoding is not null) fields = fields.Append(new Field("content-encoding", encoding));
        return exchange with { Request = exchange.Request with { Fields = new Fields([.. fields]) } };
    }

    private static byte[] Gzip(byte[] bytes, CompressionLevel level)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, level)) gzip.Write(bytes);
        return packed.ToArray();
    }
}
