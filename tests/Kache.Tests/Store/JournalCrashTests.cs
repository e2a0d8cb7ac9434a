using Kache.Exchanges;
using Kache.Store;
using Kache.Store.Journals;
using Xunit;

namespace Kache.Tests.Store;

public sealed class JournalCrashTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_journal_cut_anywhere_in_its_last_entries_keeps_the_ones_before_and_goes_on()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        const int entries = 4;
        var ends = new List<long>();
        var path = temporary.Paths.Journal("s1");
        await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop))
        {
            ends.Add(new FileInfo(path).Length);
            for (var i = 0; i < entries; i++)
            {
                await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal(), await journal.WriteAsync(Sample.Bytes(100, i))));
                ends.Add(new FileInfo(path).Length);
            }
        }
        var whole = await File.ReadAllBytesAsync(path, Stop);
        Assert.Equal(whole.Length, ends[^1]);
        for (var cut = ends[^3]; cut <= whole.Length; cut++)
        {
            await File.WriteAllBytesAsync(path, whole[..(int)cut], Stop);
            var kept = ends.FindLastIndex(end => end <= cut);
            await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop))
            {
                Assert.Equal((kept, 0), (journal.Summary.Requests, journal.Summary.Gaps));
                Assert.Equal(ends[kept], new FileInfo(path).Length);
                Assert.Equal(kept, journal.NextOrdinal());
                await journal.AppendAsync(Sample.Exchange(kept));
            }
            await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop)) Assert.Equal(kept + 1, journal.Summary.Requests);
        }
    }

    [Fact]
    public async Task A_journal_cut_in_its_head_begins_anew()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        await using (await temporary.Store.OpenJournalAsync("s1", Stop))
        {
        }
        foreach (var length in (int[])[0, 1, JournalFrame.FileHeadSize - 1])
        {
            using (var file = File.OpenWrite(temporary.Paths.Journal("s1"))) file.SetLength(length);
            await using var journal = await temporary.Store.OpenJournalAsync("s1", Stop);
            await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal()));
            Assert.Equal(1, journal.Summary.Requests);
        }
    }

    [Fact]
    public async Task Every_step_of_recording_leaves_a_store_that_another_process_can_go_on_with()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var copies = new List<(string Folder, int Kept)>();
        await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop))
        {
            copies.Add((temporary.CopyAsKilled(), 0));
            foreach (var (length, kept) in ((int, int)[])[(100, 0), (200_000, 1), (2_000_000, 2)])
            {
                var bytes = Sample.Bytes(length, length);
                await using var writer = journal.CreateBody();
                await writer.WriteAsync(bytes.AsMemory(0, length / 2), Stop);
                copies.Add((temporary.CopyAsKilled(), kept));
                await writer.WriteAsync(bytes.AsMemory(length / 2), Stop);
                copies.Add((temporary.CopyAsKilled(), kept));
                var body = await writer.CompleteAsync(Stop);
                copies.Add((temporary.CopyAsKilled(), kept));
                await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal(), body));
                copies.Add((temporary.CopyAsKilled(), kept + 1));
            }
        }
        foreach (var (folder, kept) in copies)
        {
            await using var copy = await TemporaryStore.OpenAsync(folder);
            await using var journal = await copy.Store.OpenJournalAsync("s1", Stop);
            Assert.Equal((kept, 0), (journal.Summary.Requests, journal.Summary.Gaps));
            Assert.Empty(Directory.GetFiles(copy.Paths.Session("s1"), "*.tmp"));
            await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal(), await journal.WriteAsync(Sample.Bytes(70_000, 9))));
            using var recording = await copy.Store.OpenRecordingAsync(await copy.Store.SealAsync(journal, Stop), Stop);
            Assert.Equal((kept + 1, 0), (recording.Summary.Requests, recording.Summary.Gaps));
            await foreach (var exchange in recording.ReadAllAsync(Stop))
            {
                using var body = recording.OpenBody(exchange.Response.Body.Digest)!;
                Assert.Equal(exchange.Response.Body.Digest, Digest.Of(await body.ReadAsync(0, body.Length)));
            }
        }
    }

    [Fact]
    public async Task Damage_in_the_middle_costs_what_was_there_and_is_told()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var path = temporary.Paths.Journal("s1");
        long first, second;
        await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop))
        {
            await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal()));
            first = new FileInfo(path).Length;
            await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal()));
            second = new FileInfo(path).Length;
            for (var i = 0; i < 3; i++) await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal()));
        }
        var whole = await File.ReadAllBytesAsync(path, Stop);
        for (var at = first; at < second; at += 7)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= 0x10;
            await File.WriteAllBytesAsync(path, damaged, Stop);
            // Told once, and not again by those who open it later.
            for (var i = 0; i < 2; i++)
            {
                await using var journal = await temporary.Store.OpenJournalAsync("s1", Stop);
                Assert.Equal((4, 1), (journal.Summary.Requests, journal.Summary.Gaps));
                Assert.Equal(5, journal.NextOrdinal());
                if (i == 0) continue;
                using var recording = await temporary.Store.OpenRecordingAsync(await temporary.Store.SealAsync(journal, Stop), Stop);
                Assert.Equal((4, 1), (recording.Summary.Requests, recording.Summary.Gaps));
                Assert.Contains("damaged", Assert.Single(recording.Gaps).Detail, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(2_000_000)]
    public async Task An_exchange_whose_body_did_not_survive_is_withdrawn_and_told(int length)
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var bytes = Sample.Bytes(length);
        await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop))
        {
            await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal()));
            await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal(), await journal.WriteAsync(bytes)));
            await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal()));
        }
        // As a power loss may leave it: the entry is on disk, what it refers to is not.
        if (length < 1_000_000) using (var pack = File.OpenWrite(temporary.Paths.Pack("s1-0"))) pack.SetLength(150);
        else File.Delete(temporary.Paths.Blob(Digest.Of(bytes)));
        for (var i = 0; i < 2; i++)
        {
            await using var journal = await temporary.Store.OpenJournalAsync("s1", Stop);
            Assert.Equal((2, 1), (journal.Summary.Requests, journal.Summary.Gaps));
            using var recording = await temporary.Store.OpenRecordingAsync(await temporary.Store.SealAsync(journal, Stop), Stop);
            Assert.Equal(2, recording.Summary.Requests);
            Assert.Equal("https://pkg.test:443/p/1?v=%2f", Assert.Single(recording.Gaps).Where);
        }
    }

    [Fact]
    public async Task A_restarted_session_goes_on_counting_credentials()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop))
        {
            Assert.Empty(journal.CredentialOrdinals);
            foreach (var (name, value) in ((string, string)[])[
                ("authorization", "Bearer #2"), ("authorization", "Bearer #1"), ("authorization", "#4"), ("proxy-authorization", "Basic #1"), ("cookie", "#3"), ("x-other", "Basic #9")])
            {
                var exchange = Sample.Exchange(journal.NextOrdinal());
                await journal.AppendAsync(exchange with { Request = exchange.Request with { Fields = new Fields([new Field(name, value)]) } });
            }
        }
        await using var again = await temporary.Store.OpenJournalAsync("s1", Stop);
        Assert.Equal(
            new Dictionary<string, int> { ["Bearer"] = 2, [""] = 4, ["Basic"] = 1, ["cookie"] = 3 }.OrderBy(pair => pair.Key, StringComparer.Ordinal),
            again.CredentialOrdinals.OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_journal_is_open_once_and_only_once()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        await using var journal = await temporary.Store.OpenJournalAsync("s1", Stop);
        await using var other = await DataStore.OpenAsync(temporary.Root, StoreAccess.Companion, TimeProvider.System, Stop);
        var refused = await Assert.ThrowsAsync<DataFolderException>(() => other.OpenJournalAsync("s1", Stop));
        Assert.Contains("another kache process", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removing_a_journal_leaves_what_others_keep_beside_it()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        foreach (var session in (string[])["s1", "s2"]) await temporary.RecordAsync(session, Sample.Exchange(0));
        var log = Path.Combine(temporary.Paths.Session("s1"), "log.jsonl");
        await File.WriteAllTextAsync(log, "", Stop);
        temporary.Store.RemoveJournal("s1");
        temporary.Store.RemoveJournal("s2");
        temporary.Store.RemoveJournal("s3");
        Assert.Equal([log], Directory.GetFiles(temporary.Paths.Sessions, "*", SearchOption.AllDirectories));
        Assert.False(Directory.Exists(temporary.Paths.Session("s2")));
    }

    [Fact]
    public async Task Many_at_once_are_all_there()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop))
        {
            await Task.WhenAll(Enumerable.Range(0, 32).Select(worker => Task.Run(async () =>
            {
                for (var i = 0; i < 100; i++)
                {
                    var ordinal = journal.NextOrdinal();
                    await journal.AppendAsync(Sample.Exchange(ordinal, await journal.WriteAsync(Sample.Bytes(2000, (int)ordinal))));
                }
            }, Stop)));
            Assert.Equal(3200, journal.Summary.Requests);
        }
        await using var again = await temporary.Store.OpenJournalAsync("s1", Stop);
        Assert.Equal((3200, 0), (again.Summary.Requests, again.Summary.Gaps));
        Assert.Equal(3200, again.NextOrdinal());
    }
}
