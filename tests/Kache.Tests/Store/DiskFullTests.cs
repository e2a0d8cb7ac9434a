using Kache.Exchanges;
using Kache.Store;
using Xunit;

namespace Kache.Tests.Store;

[Trait("Row", "H25")]
public sealed class DiskFullTests
{
    private const int Mib = 1024 * 1024;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("tmpfs", 2000)]
    [InlineData("tmpfs", 300_000)]
    [InlineData("tmpfs", 1_500_000)]
    [InlineData("ext4", 2000)]
    [InlineData("ext4-1k", 2000)]
    [InlineData("ext4-1k", 1_500_000)]
    [InlineData("ext4", 300_000)]
    [InlineData("ext4", 1_500_000)]
    public async Task What_does_not_fit_is_refused_marks_are_written_and_nothing_earlier_is_lost(string type, int bodyLength)
    {
        using var disk = SmallDisk.Mount(type);
        await using var temporary = await TemporaryStore.OpenAsync(disk.Path("store"));
        var kept = 0;
        Digest digest;
        await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop))
        {
            var refused = await Assert.ThrowsAsync<StoreFullException>(async () =>
            {
                for (; kept < 100_000; kept++) await journal.AppendAsync(Sample.Exchange(kept, await journal.WriteAsync(Sample.Bytes(bodyLength, kept))));
            });
            Assert.Contains(temporary.Root, refused.Message, StringComparison.Ordinal);
            Assert.InRange(kept, 3, 99_999);
            disk.FillUp();
            // Bodies are refused at once or at their end, exchanges when the reserve would be touched.
            await Assert.ThrowsAsync<StoreFullException>(async () => await journal.WriteAsync(Sample.Bytes(3 * Mib, -1)));
            await Assert.ThrowsAsync<StoreFullException>(async () =>
            {
                for (var i = 0; i < 10_000; i++) await journal.AppendAsync(Sample.Exchange(1_000_000 + i) with { Error = new string('x', 1000) });
            });
            for (var i = 0; i < 3000; i++) await journal.AppendAsync(new Gap(Sample.Noon, GapKind.NotStored, $"https://pkg.test/{i}", "The disk was full."));
            await journal.FlushAsync(Stop);
            Assert.Equal(3000, journal.Summary.Gaps);
            Assert.Empty(Directory.GetFiles(temporary.Paths.Session("s1"), "*.tmp"));
            await Assert.ThrowsAsync<StoreFullException>(() => temporary.Store.SealAsync(journal, Stop));
            Assert.Empty(Directory.GetFiles(temporary.Paths.Session("s1"), "*.tmp"));
        }
        // A restart on the full disk goes on where it was, and can still make marks.
        await temporary.CloseAsync();
        await temporary.ReopenAsync();
        await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop))
        {
            Assert.InRange(journal.Summary.Requests, kept, long.MaxValue);
            await journal.AppendAsync(new Gap(Sample.Noon, GapKind.NotStored, "https://pkg.test/after", "The disk was full."));
            // With room again all goes on.
            disk.MakeRoom();
            await journal.AppendAsync(Sample.Exchange(2_000_000, await journal.WriteAsync(Sample.Bytes(bodyLength, 77))));
            digest = await temporary.Store.SealAsync(journal, Stop);
        }
        using var recording = await temporary.Store.OpenRecordingAsync(digest, Stop);
        Assert.Equal(3001, recording.Summary.Gaps);
        var read = 0;
        await foreach (var exchange in recording.ReadAllAsync(Stop))
        {
            if (exchange.Response.Body.Length == 0) continue;
            using var body = recording.OpenBody(exchange.Response.Body.Digest)!;
            Assert.Equal(exchange.Response.Body.Digest, Digest.Of(await body.ReadAsync(0, body.Length)));
            read++;
        }
        Assert.Equal(kept + 1, read);
    }

    [Theory]
    [InlineData("tmpfs")]
    [InlineData("ext4")]
    [InlineData("ext4-1k")]
    public async Task A_catalog_without_room_says_so(string type)
    {
        using var disk = SmallDisk.Mount(type);
        await using var temporary = await TemporaryStore.OpenAsync(disk.Path("store"));
        disk.FillUp();
        await Assert.ThrowsAsync<StoreFullException>(async () =>
        {
            for (var i = 0; i < 1000; i++)
            {
                Assert.True(TagName.TryParse($"tag{i}", out var tag));
                await temporary.Store.Catalog.MoveTagAsync(tag, Digest.Empty, Stop);
            }
        });
        disk.MakeRoom();
        Assert.True(TagName.TryParse("after", out var last));
        await temporary.Store.Catalog.MoveTagAsync(last, Digest.Empty, Stop);
        Assert.Contains(await temporary.Store.Catalog.TagsAsync(Stop), entry => entry.Tag == last);
    }

    [Fact]
    public async Task A_disk_without_room_for_a_store_says_so()
    {
        using var disk = SmallDisk.Mount("tmpfs");
        disk.FillUp();
        await Assert.ThrowsAsync<StoreFullException>(() => DataStore.OpenAsync(disk.Path("store"), StoreAccess.Server, TimeProvider.System, Stop));
    }
}
