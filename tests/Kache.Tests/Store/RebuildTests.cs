using Kache.Exchanges;
using Kache.Store;
using Kache.Store.Bodies;
using Xunit;

namespace Kache.Tests.Store;

public sealed class RebuildTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_store_without_its_derived_part_makes_it_again_when_it_is_opened()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var digests = await RecordAsync(temporary);
        await temporary.CloseAsync();
        Directory.Delete(Path.Combine(temporary.Root, "derived"), recursive: true);
        await temporary.ReopenAsync();
        foreach (var digest in digests) await AssertWholeAsync(temporary, digest);
        await AssertNotStoredAgainAsync(temporary);
    }

    [Fact]
    public async Task Rebuilding_makes_all_that_is_derived_while_the_store_is_used()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var digests = await RecordAsync(temporary);
        using var open = await temporary.Store.OpenRecordingAsync(digests[0], Stop);
        foreach (var folder in (string[])[temporary.Paths.Indexes, temporary.Paths.Sums]) Directory.Delete(folder, recursive: true);
        using (var places = BodyPlaces.Open(temporary.Paths.Bodies))
            foreach (var pack in places.Packs()) places.Forget(pack);

        var report = await temporary.Store.RebuildAsync(Stop);
        Assert.Equal((4, 0, 2), (report.PackedBodies, report.TornFrames, report.Recordings));
        Assert.Empty(report.Damaged);
        foreach (var digest in digests) await AssertWholeAsync(temporary, digest);
        await AssertNotStoredAgainAsync(temporary);
        Assert.Equal(3, (await open.ReadAsync(new ExchangeLocation(0), Stop)).Request.Fields.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(120)]
    [InlineData(-1)]
    public async Task An_index_that_is_damaged_is_made_again(int at)
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var digest = (await RecordAsync(temporary))[0];
        var path = temporary.Paths.Index(digest);
        var bytes = await File.ReadAllBytesAsync(path, Stop);
        var spoiled = (byte[])bytes.Clone();
        spoiled[at < 0 ? ^1 : at] ^= 1;
        await File.WriteAllBytesAsync(path, spoiled, Stop);
        await AssertWholeAsync(temporary, digest);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, Stop));
        await File.WriteAllBytesAsync(path, bytes[..100], Stop);
        await AssertWholeAsync(temporary, digest);
    }

    [Fact]
    public async Task A_damaged_segment_is_seen_by_whoever_reads_it_and_by_a_rebuild()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var digests = await RecordAsync(temporary);
        var manifest = await File.ReadAllTextAsync(temporary.Paths.Recording(digests[0]), Stop);
        var segment = temporary.Paths.Segment(Digest.Parse(manifest.Split('\n')[1].Split(' ')[^1]));
        var bytes = await File.ReadAllBytesAsync(segment, Stop);
        bytes[^100] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes, Stop);
        using (var recording = await temporary.Store.OpenRecordingAsync(digests[0], Stop))
        {
            await recording.ReadAsync(new ExchangeLocation(0), Stop);
            var told = await Assert.ThrowsAsync<DataFolderException>(async () => await recording.ReadAsync(new ExchangeLocation(3), Stop));
            Assert.Contains(digests[0].Hex, told.Message, StringComparison.Ordinal);
        }
        Assert.Equal(digests[0], Assert.Single((await temporary.Store.RebuildAsync(Stop)).Damaged).Recording);
    }

    [Fact]
    public async Task A_damaged_or_missing_recording_is_not_opened()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var digest = (await RecordAsync(temporary))[0];
        await Assert.ThrowsAsync<DataFolderException>(() => temporary.Store.OpenRecordingAsync(Digest.Of("another"u8), Stop));
        await File.AppendAllTextAsync(temporary.Paths.Recording(digest), "gaps 1 1 " + Digest.Empty + "\n", Stop);
        var told = await Assert.ThrowsAsync<DataFolderException>(() => temporary.Store.OpenRecordingAsync(digest, Stop));
        Assert.Contains("damaged", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removed_recording_is_gone_and_another_that_shares_its_bodies_is_whole()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var digests = await RecordAsync(temporary);
        Assert.True(await temporary.Store.RemoveRecordingAsync(digests[0], Stop));
        Assert.False(await temporary.Store.RemoveRecordingAsync(digests[0], Stop));
        var left = new List<Digest>();
        await foreach (var digest in temporary.Store.RecordingsAsync(Stop)) left.Add(digest);
        Assert.Equal([digests[1]], left);
        await AssertWholeAsync(temporary, digests[1]);
    }

    [Fact]
    public async Task A_body_that_is_gone_is_null_and_not_something_else()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var digest = (await RecordAsync(temporary))[0];
        File.Delete(temporary.Paths.Blob(Digest.Of(Sample.Bytes(2_000_000, 4))));
        foreach (var name in temporary.Paths.PackNames()) File.Delete(temporary.Paths.Pack(name));
        using var recording = await temporary.Store.OpenRecordingAsync(digest, Stop);
        await foreach (var exchange in recording.ReadAllAsync(Stop)) Assert.Null(recording.OpenBody(exchange.Response.Body.Digest));
    }

    [Fact]
    public async Task References_are_resolved_by_tag_by_digest_and_by_its_beginning()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var digests = await RecordAsync(temporary);
        Assert.True(TagName.TryParse("a/b:1", out var tag));
        await temporary.Store.Catalog.MoveTagAsync(tag, digests[0], Stop);
        Assert.Equal(new Resolution.Found(digests[0]), await ResolveAsync("a/b:1"));
        Assert.Equal(new Resolution.Found(digests[1]), await ResolveAsync(digests[1].ToString()));
        Assert.Equal(new Resolution.Found(digests[1]), await ResolveAsync("sha256:" + digests[1].Hex[..6]));
        Assert.Equal(new Resolution.Found(digests[1]), await ResolveAsync("a/b:1@" + digests[1]));
        Assert.Equal(new Resolution.Unknown(), await ResolveAsync("a/b:2"));
        Assert.Equal(new Resolution.Unknown(), await ResolveAsync("sha256:" + Digest.Of("another"u8).Hex));
        // A second one with the same beginning, as it would come once in many.
        var twin = Digest.Parse(digests[1].Hex[..8] + new string('0', 56));
        await File.WriteAllTextAsync(temporary.Paths.Recording(twin), "", Stop);
        Assert.Equal(2, Assert.IsType<Resolution.Ambiguous>(await ResolveAsync("sha256:" + digests[1].Hex[..8])).Candidates.Count);

        Task<Resolution> ResolveAsync(string text)
        {
            Assert.True(Reference.TryParse(text, out var reference));
            return temporary.Store.ResolveAsync(reference, Stop);
        }
    }

    private static async Task<Digest[]> RecordAsync(TemporaryStore temporary)
    {
        var digests = new Digest[2];
        for (var session = 0; session < 2; session++)
        {
            await using var journal = await temporary.Store.OpenJournalAsync($"s{session}", Stop);
            foreach (var (length, seed) in ((int, int)[])[(10, 1), (5000, 2 + session), (400_000, 9), (2_000_000, 4)])
                await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal(), await journal.WriteAsync(Sample.Bytes(length, seed))));
            digests[session] = await temporary.Store.SealAsync(journal, Stop);
        }
        return digests;
    }

    private static async Task AssertWholeAsync(TemporaryStore temporary, Digest digest)
    {
        using var recording = await temporary.Store.OpenRecordingAsync(digest, Stop);
        Assert.Equal(4, recording.Summary.Requests);
        await foreach (var exchange in recording.ReadAllAsync(Stop))
        {
            var found = new List<ExchangeLocation>();
            recording.Find(recording.KeyOf(exchange.Request), found);
            Assert.Equal(exchange, await recording.ReadAsync(Assert.Single(found), Stop));
            using var body = recording.OpenBody(exchange.Response.Body.Digest)!;
            Assert.Equal(exchange.Response.Body.Digest, Digest.Of(await body.ReadAsync(0, body.Length)));
        }
    }

    private static async Task AssertNotStoredAgainAsync(TemporaryStore temporary)
    {
        await using var journal = await temporary.Store.OpenJournalAsync("again", Stop);
        foreach (var (length, seed) in ((int, int)[])[(10, 1), (5000, 2), (400_000, 9), (2_000_000, 4)]) await journal.WriteAsync(Sample.Bytes(length, seed));
        Assert.Empty(temporary.Paths.PackNames("again"));
    }
}
