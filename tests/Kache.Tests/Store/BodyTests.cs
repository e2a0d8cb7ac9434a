using System.IO.Pipelines;
using CsCheck;
using Kache.Exchanges;
using Kache.Store;
using Kache.Store.Bodies;
using Xunit;

namespace Kache.Tests.Store;

public sealed class BodyTests
{
    private const int Mib = 1024 * 1024;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<int> Lengths =>
    [
        1, 63, 64, 4096, BodyWriter.LongestHeld - 1, BodyWriter.LongestHeld, BodyWriter.LongestHeld + 1, 64 * 1024, (64 * 1024) + 1,
        Mib - 1, Mib, Mib + 1, (2 * Mib) - 1, 2 * Mib, (3 * Mib) + 70_000,
    ];

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task A_body_is_read_as_it_was_written_whole_and_in_ranges(int length)
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var bytes = Sample.Bytes(length, length);
        using var recording = await RecordAsync(temporary, bytes, 1 + (length / 3));
        using var body = recording.OpenBody(Digest.Of(bytes))!;
        Assert.Equal(length, body.Length);
        Assert.Equal(bytes, await body.ReadAsync(0, length));
        await Gen.Select(Gen.Int[0, length], Gen.Int[0, length]).SampleAsync(async (one, other) =>
        {
            var (from, to) = (Math.Min(one, other), Math.Max(one, other));
            Assert.Equal(bytes.AsSpan(from, to - from).ToArray(), await body.ReadAsync(from, to - from));
        }, iter: length > Mib ? 20 : 50, threads: 2);
    }

    [Fact]
    public async Task Small_bodies_are_packed_and_large_ones_are_files_that_are_their_digest()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var (packed, blob) = (Sample.Bytes(Mib, 1), Sample.Bytes(Mib + 1, 2));
        await using var journal = await temporary.Store.OpenJournalAsync("s1", Stop);
        await journal.WriteAsync(packed);
        await journal.WriteAsync(blob);
        Assert.False(File.Exists(temporary.Paths.Blob(Digest.Of(packed))));
        Assert.Equal(blob, await File.ReadAllBytesAsync(temporary.Paths.Blob(Digest.Of(blob)), Stop));
        Assert.Empty(Directory.GetFiles(temporary.Paths.Session("s1"), "*.tmp"));
    }

    [Fact]
    public async Task A_body_that_was_given_up_leaves_nothing()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        await using var journal = await temporary.Store.OpenJournalAsync("s1", Stop);
        await using (var writer = journal.CreateBody()) await writer.WriteAsync(Sample.Bytes(2 * Mib), Stop);
        Assert.Equal(["journal"], Directory.GetFiles(temporary.Paths.Session("s1")).Select(Path.GetFileName));
        Assert.Empty(Directory.GetDirectories(temporary.Paths.Blobs));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(200_000)]
    [InlineData((2 * Mib) + 5)]
    public async Task Equal_bodies_are_stored_once_in_a_session_at_once_and_across_sessions(int length)
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var bytes = Sample.Bytes(length);
        await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop))
        {
            await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => journal.WriteAsync(bytes, 1000 + i), Stop)));
            await temporary.Store.SealAsync(journal, Stop);
        }
        var before = BodyBytes(temporary);
        Assert.InRange(before, length, length + 1000);
        await temporary.ReopenAsync();
        var again = await RecordAsync(temporary, bytes, 5000, "s2");
        Assert.Equal(before, BodyBytes(temporary));
        using (again)
        {
            using var body = again.OpenBody(Digest.Of(bytes))!;
            Assert.Equal(bytes, await body.ReadAsync(0, length));
        }
    }

    [Fact]
    public async Task What_is_used_again_is_touched_so_that_no_collection_takes_it()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var (small, large) = (Sample.Bytes(100), Sample.Bytes(2 * Mib));
        await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop))
        {
            await journal.WriteAsync(small);
            await journal.WriteAsync(large);
            await temporary.Store.SealAsync(journal, Stop);
        }
        await temporary.ReopenAsync();
        var old = DateTime.UnixEpoch.AddYears(50);
        string[] files = [temporary.Paths.Pack("s1-0"), temporary.Paths.Blob(Digest.Of(large))];
        foreach (var file in files) File.SetLastWriteTimeUtc(file, old);
        await using (var journal = await temporary.Store.OpenJournalAsync("s2", Stop))
        {
            await journal.WriteAsync(small);
            await journal.WriteAsync(large);
        }
        foreach (var file in files) Assert.True(File.GetLastWriteTimeUtc(file) > old.AddYears(1), file);
    }

    [Fact]
    public async Task A_pack_that_was_taken_away_is_not_referred_to_again()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var bytes = Sample.Bytes(100);
        (await RecordAsync(temporary, bytes, 100)).Dispose();
        await temporary.ReopenAsync();
        File.Delete(temporary.Paths.Pack("s1-0"));
        using var recording = await RecordAsync(temporary, bytes, 100, "s2");
        using var body = recording.OpenBody(Digest.Of(bytes))!;
        Assert.Equal(bytes, await body.ReadAsync(0, 100));
    }

    [Fact]
    public async Task Damage_in_any_MiB_is_seen_before_a_byte_of_it_is_handed_out()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var bytes = Sample.Bytes((4 * Mib) + 100_000);
        using var recording = await RecordAsync(temporary, bytes, Mib);
        var path = temporary.Paths.Blob(Digest.Of(bytes));
        for (var chunk = 0; chunk < 5; chunk++)
        {
            foreach (var at in (int[])[chunk * Mib, (chunk * Mib) + 99_999, Math.Min(bytes.Length, (chunk + 1) * Mib) - 1])
            {
                Flip(path, at);
                using (var body = recording.OpenBody(Digest.Of(bytes))!)
                {
                    // All of it: what comes before is right, and nothing of the damaged MiB comes.
                    var (handed, failure) = await CopyAsync(body, 0, bytes.Length);
                    Assert.IsType<CorruptBodyException>(failure);
                    Assert.Equal(bytes.AsSpan(0, chunk * Mib).ToArray(), handed);
                    // A range of one byte elsewhere in the same MiB is not to be trusted either.
                    Assert.IsType<CorruptBodyException>((await CopyAsync(body, (chunk * Mib) + 50_000, 1)).Failure);
                    // The other ones are as good as ever.
                    var other = (chunk + 1) % 5;
                    Assert.Equal(bytes.AsSpan(other * Mib, 5000).ToArray(), (await CopyAsync(body, other * Mib, 5000)).Handed);
                }
                Flip(path, at);
            }
        }
    }

    [Fact]
    public async Task Damage_in_a_pack_is_seen()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var bytes = Sample.Bytes(300_000);
        using var recording = await RecordAsync(temporary, bytes, Mib);
        Flip(temporary.Paths.Pack("s1-0"), 2 * PackFrame.HeadSize + 250_000);
        using var body = recording.OpenBody(Digest.Of(bytes))!;
        var (handed, failure) = await CopyAsync(body, 10, 20);
        Assert.Empty(handed);
        Assert.Contains(Digest.Of(bytes).Hex, Assert.IsType<CorruptBodyException>(failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blob_that_became_shorter_is_not_read_as_whole()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var bytes = Sample.Bytes((2 * Mib) + 10);
        using var recording = await RecordAsync(temporary, bytes, Mib);
        using (var file = File.OpenWrite(temporary.Paths.Blob(Digest.Of(bytes)))) file.SetLength(Mib + 10);
        using var body = recording.OpenBody(Digest.Of(bytes))!;
        Assert.NotEqual(bytes.Length, body.Length);
        Assert.IsType<CorruptBodyException>((await CopyAsync(body, 0, body.Length)).Failure);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sums_that_are_missing_or_damaged_are_made_again_from_a_blob_that_is_its_digest(bool missing)
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var bytes = Sample.Bytes((2 * Mib) + 10);
        using var recording = await RecordAsync(temporary, bytes, Mib);
        var sums = temporary.Paths.SumsOf(Digest.Of(bytes));
        var before = await File.ReadAllBytesAsync(sums, Stop);
        Spoil();
        using (var body = recording.OpenBody(Digest.Of(bytes))!) Assert.Equal(bytes.AsSpan(Mib + 5, 100).ToArray(), await body.ReadAsync(Mib + 5, 100));
        Assert.Equal(before, await File.ReadAllBytesAsync(sums, Stop));

        Spoil();
        Flip(temporary.Paths.Blob(Digest.Of(bytes)), 5);
        using (var body = recording.OpenBody(Digest.Of(bytes))!) Assert.IsType<CorruptBodyException>((await CopyAsync(body, Mib, 100)).Failure);

        void Spoil()
        {
            if (missing) File.Delete(sums);
            else Flip(sums, 30);
        }
    }

    [Fact]
    public async Task A_body_of_any_size_takes_the_same_memory_in_and_out()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var piece = Sample.Bytes(64 * 1024);
        const int pieces = 4096;
        await using var journal = await temporary.Store.OpenJournalAsync("s1", Stop);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var writer = journal.CreateBody();
        for (var i = 0; i < pieces; i++) await writer.WriteAsync(piece, Stop);
        // All of it would be 256 MiB; it goes on on one thread until here.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Mib);
        var written = await writer.CompleteAsync(Stop);
        await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal(), written));
        using var recording = await temporary.Store.OpenRecordingAsync(await temporary.Store.SealAsync(journal, Stop), Stop);
        using var body = recording.OpenBody(written.Digest)!;
        before = GC.GetAllocatedBytesForCurrentThread();
        var copying = body.CopyRangeAsync(PipeWriter.Create(Stream.Null), 0, body.Length, Stop);
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(copying.IsCompletedSuccessfully, "nothing here has to be waited for, so that one thread did it all");
        await copying;
        Assert.InRange(taken, 0, Mib);
    }

    [Fact]
    public async Task A_reader_that_goes_away_ends_the_copy()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var bytes = Sample.Bytes(3 * Mib);
        using var recording = await RecordAsync(temporary, bytes, Mib);
        using var body = recording.OpenBody(Digest.Of(bytes))!;
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1000, resumeWriterThreshold: 500));
        var copying = body.CopyRangeAsync(pipe.Writer, 0, bytes.Length, Stop).AsTask();
        Assert.False(copying.IsCompleted);
        await pipe.Reader.CompleteAsync();
        await copying.WaitAsync(TimeSpan.FromSeconds(10), Stop);
    }

    [Fact]
    public async Task A_copy_waits_for_its_reader_and_holds_a_piece_meanwhile()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var bytes = Sample.Bytes(3 * Mib);
        using var recording = await RecordAsync(temporary, bytes, Mib);
        using var body = recording.OpenBody(Digest.Of(bytes))!;
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1000, resumeWriterThreshold: 500));
        var copying = body.CopyRangeAsync(pipe.Writer, 0, bytes.Length, Stop).AsTask();
        var read = await pipe.Reader.ReadAsync(Stop);
        Assert.Equal(64 * 1024, read.Buffer.Length);
        await pipe.Reader.CompleteAsync();
        await copying;
    }

    [Fact]
    public async Task A_body_is_read_on_when_its_recording_is_closed()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var bytes = Sample.Bytes(500);
        var recording = await RecordAsync(temporary, bytes, 500);
        using var body = recording.OpenBody(Digest.Of(bytes))!;
        recording.Dispose();
        Assert.Equal(bytes, await body.ReadAsync(0, 500));
    }

    [Fact]
    public async Task What_looks_like_frames_in_a_body_is_none()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        // A body that holds a whole pack with another body under a digest that is not its own.
        var forged = new byte[64 + 64 + 64];
        PackFrame.WritePackHead(forged, out _);
        "lies"u8.CopyTo(forged.AsSpan(128));
        PackFrame.WriteHead(forged.AsSpan(64), Digest.Of("truth"u8), forged.AsSpan(128, 4), seed: 0);
        await using var journal = await temporary.Store.OpenJournalAsync("s1", Stop);
        await journal.WriteAsync(forged);
        // The frame around it is torn, as by a crash, so that a scan looks inside.
        Flip(temporary.Paths.Pack("s1-0"), 64);
        using var pack = File.OpenHandle(temporary.Paths.Pack("s1-0"), share: FileShare.ReadWrite);
        Assert.Empty(PackScan.Read("s1-0", pack));
    }

    private static async Task<SealedRecording> RecordAsync(TemporaryStore temporary, byte[] bytes, int piece, string session = "s1")
    {
        await using var journal = await temporary.Store.OpenJournalAsync(session, Stop);
        await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal(), await journal.WriteAsync(bytes, piece)));
        return await temporary.Store.OpenRecordingAsync(await temporary.Store.SealAsync(journal, Stop), Stop);
    }

    private static long BodyBytes(TemporaryStore temporary) =>
        ((string[])[temporary.Paths.Packs, temporary.Paths.Blobs]).Sum(folder => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length));

    private static void Flip(string path, long at)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var one = new byte[1];
        RandomAccess.Read(file, one, at);
        one[0] ^= 0x40;
        RandomAccess.Write(file, one, at);
    }

    private static async Task<(byte[] Handed, Exception? Failure)> CopyAsync(BodyReader body, long offset, long length)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var failure = await Record.ExceptionAsync(async () => await body.CopyRangeAsync(pipe.Writer, offset, length, Stop));
        await pipe.Writer.CompleteAsync();
        using var all = new MemoryStream();
        await pipe.Reader.CopyToAsync(all, Stop);
        return (all.ToArray(), failure);
    }
}
