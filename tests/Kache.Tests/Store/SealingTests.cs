using System.Diagnostics;
using Kache.Exchanges;
using Kache.Store;
using Xunit;

namespace Kache.Tests.Store;

public sealed class SealingTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_order_in_which_exchanges_end_makes_no_difference_nor_does_how_bodies_are_packed()
    {
        await using var one = await TemporaryStore.OpenAsync();
        await using var other = await TemporaryStore.OpenAsync();
        var bodies = Enumerable.Range(0, 20).Select(i => Sample.Bytes(1 + (i * 100_000), i)).ToArray();
        var lookups = new[] { new NameLookup("a.test", 1, 0, default), new NameLookup("a.test", 16, 0, new byte[] { 1 }), new NameLookup("b.test", 1, 3, default) };
        var gaps = Enumerable.Range(0, 5).Select(i => new Gap(Sample.Noon.AddSeconds(i / 2), GapKind.Tunnel, $"h{i}.test:22", "x")).ToArray();

        Digest first;
        await using (var journal = await one.Store.OpenJournalAsync("s1", Stop))
        {
            for (var i = 0; i < bodies.Length; i++) await journal.AppendAsync(Sample.Exchange(i, await journal.WriteAsync(bodies[i])));
            foreach (var lookup in lookups) await journal.AppendAsync(lookup);
            foreach (var gap in gaps) await journal.AppendAsync(gap);
            first = await one.Store.SealAsync(journal, Stop);
        }
        // Another machine, another session, another order; half of the bodies are there already; a gap of ordinals.
        await using (var earlier = await other.Store.OpenJournalAsync("zz", Stop))
        {
            for (var i = 0; i < bodies.Length; i += 2) await earlier.WriteAsync(bodies[i]);
            await other.Store.SealAsync(earlier, Stop);
        }
        await using (var journal = await other.Store.OpenJournalAsync("s2", Stop))
        {
            await journal.AppendAsync(new NameLookup("b.test", 1, 0, default));
            foreach (var gap in gaps.Reverse()) await journal.AppendAsync(gap);
            foreach (var lookup in lookups.Reverse()) await journal.AppendAsync(lookup);
            for (var i = bodies.Length - 1; i >= 0; i--) await journal.AppendAsync(Sample.Exchange(i, await journal.WriteAsync(bodies[i], 777)) with { Ordinal = i * 3 });
            Assert.Equal(first, await other.Store.SealAsync(journal, Stop));
        }
        // And after a restart.
        await using (var again = await other.Store.OpenJournalAsync("s2", Stop)) Assert.Equal(first, await other.Store.SealAsync(again, Stop));
    }

    [Fact]
    public async Task What_differs_makes_another_digest()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var sample = Sample.Exchange(0);
        Exchange[] variants =
        [
            sample,
            sample with { Started = sample.Started.AddTicks(10) },
            sample with { Took = sample.Took + TimeSpan.FromMicroseconds(1) },
            sample with { Outcome = ExchangeOutcome.Incomplete },
            sample with { Error = "" },
            sample with { Withheld = ["etag"] },
            sample with { CertificateChain = Digest.Empty },
            sample with { Response = sample.Response with { Trailers = new Fields([new Field("a", "b")]) } },
            sample with { Request = sample.Request with { Body = new Body(Digest.Of("x"u8), 1, Kept: false) } },
        ];
        var digests = new HashSet<Digest>();
        for (var i = 0; i < variants.Length; i++) Assert.True(digests.Add(await temporary.RecordAsync($"s{i}", variants[i])), $"variant {i}");
    }

    [Fact]
    public async Task Sealing_that_was_interrupted_anywhere_is_done_again_with_the_same_digest()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        await using var journal = await temporary.Store.OpenJournalAsync("s1", Stop);
        for (var i = 0; i < 10; i++) await journal.AppendAsync(Sample.Exchange(i, await journal.WriteAsync(Sample.Bytes(1000, i))));
        await journal.AppendAsync(new NameLookup("a.test", 1, 0, default));
        var digest = await temporary.Store.SealAsync(journal, Stop);
        var made = ((string[])[temporary.Paths.Recordings, temporary.Paths.Segments, temporary.Paths.Indexes])
            .SelectMany(folder => Directory.GetFiles(folder, "*", SearchOption.AllDirectories)).ToArray();
        Assert.Equal(4, made.Length);
        // Any of the files may be missing, or may be a beginning under its unfinished name.
        for (var present = 0; present < 1 << made.Length; present++)
        {
            for (var i = 0; i < made.Length; i++)
                if ((present & (1 << i)) == 0) File.Delete(made[i]);
            await File.WriteAllBytesAsync(Path.Combine(temporary.Paths.Session("s1"), "99.tmp"), [1, 2], Stop);
            Assert.Equal(digest, await temporary.Store.SealAsync(journal, Stop));
            using var recording = await temporary.Store.OpenRecordingAsync(digest, Stop);
            Assert.Equal(10, recording.Summary.Requests);
            Assert.NotNull(recording.FindName("a.test", 1));
        }
    }

    [Fact]
    public async Task Same_requests_are_found_in_recorded_order()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var digest = await temporary.RecordAsync("s1", Enumerable.Range(0, 3000).Select(i => Sample.Exchange(2999 - i, target: $"/same/{(2999 - i) % 7}")));
        using var recording = await temporary.Store.OpenRecordingAsync(digest, Stop);
        for (var rest = 0; rest < 7; rest++)
        {
            var found = new List<ExchangeLocation>();
            recording.Find(recording.KeyOf(Sample.Exchange(0, target: $"/same/{rest}").Request), found);
            var ordinals = new List<long>();
            foreach (var location in found) ordinals.Add((await recording.ReadAsync(location, Stop)).Ordinal);
            Assert.Equal(Enumerable.Range(0, 3000).Where(i => i % 7 == rest).Select(i => (long)i), ordinals);
            Assert.Equal(found.OrderBy(location => location.Value), found);
        }
    }

    [Fact]
    public async Task A_recording_of_several_segments_is_read_in_order()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var filler = new string('x', 900_000);
        var digest = await temporary.RecordAsync("s1", Enumerable.Range(0, 60).Select(i =>
        {
            var exchange = Sample.Exchange(i);
            return exchange with { Response = exchange.Response with { Fields = new Fields([new Field("x-filler", filler)]) } };
        }));
        var segments = Directory.GetFiles(temporary.Paths.Segments, "*", SearchOption.AllDirectories).Select(path => new FileInfo(path).Length).ToList();
        Assert.Equal(4, segments.Count);
        Assert.All(segments, length => Assert.InRange(length, 1, 16 * 1024 * 1024));
        using var recording = await temporary.Store.OpenRecordingAsync(digest, Stop);
        var ordinal = 0L;
        await foreach (var exchange in recording.ReadAllAsync(Stop)) Assert.Equal(ordinal++, exchange.Ordinal);
        Assert.Equal(60, ordinal);
    }

    [Fact]
    public async Task A_hundred_thousand_exchanges_are_sealed_in_seconds_and_in_flat_memory()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        await using var journal = await temporary.Store.OpenJournalAsync("s1", Stop);
        const int count = 100_000;
        var appending = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var bytes = new byte[600];
            for (var i = 0; i < count / 8; i++)
            {
                var ordinal = journal.NextOrdinal();
                BitConverter.TryWriteBytes(bytes, ordinal);
                await journal.AppendAsync(Sample.Exchange(ordinal, await journal.WriteAsync(bytes)));
            }
        }, Stop)));
        appending.Stop();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var peak = 0L;
        using var watching = new Timer(_ => peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false) - before), null, 0, 20);
        var sealing = Stopwatch.StartNew();
        var digest = await temporary.Store.SealAsync(journal, Stop);
        sealing.Stop();
        using var recording = await temporary.Store.OpenRecordingAsync(digest, Stop);
        Assert.Equal(count, recording.Summary.Requests);
        TestContext.Current.SendDiagnosticMessage($"appended in {appending.Elapsed}, sealed in {sealing.Elapsed}, {peak >> 20} MiB");
        // Some 3 s and 100 MiB (garbage included) on two slow cores; all exchanges decoded would be 300 MiB and more.
        Assert.InRange(sealing.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Assert.InRange(peak, 0, 256L << 20);
    }
}
