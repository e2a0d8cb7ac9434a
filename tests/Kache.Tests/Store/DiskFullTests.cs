using System.Diagnostics;
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
    [InlineData(2000)]
    [InlineData(300_000)]
    [InlineData(1_500_000)]
    public async Task What_does_not_fit_is_refused_marks_are_written_and_nothing_earlier_is_lost(int bodyLength)
    {
        using var disk = SmallDisk.Mount(16);
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
            disk.MakeRoom(24);
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

    [Fact]
    public async Task A_catalog_without_room_says_so()
    {
        using var disk = SmallDisk.Mount(8);
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
        disk.MakeRoom(16);
        Assert.True(TagName.TryParse("after", out var last));
        await temporary.Store.Catalog.MoveTagAsync(last, Digest.Empty, Stop);
        Assert.Contains(await temporary.Store.Catalog.TagsAsync(Stop), entry => entry.Tag == last);
    }

    [Fact]
    public async Task A_disk_without_room_for_a_store_says_so()
    {
        using var disk = SmallDisk.Mount(1);
        disk.FillUp();
        await Assert.ThrowsAsync<StoreFullException>(() => DataStore.OpenAsync(disk.Path("store"), StoreAccess.Server, TimeProvider.System, Stop));
    }

    /// <summary>A file system in memory of some MiB, which only root can make.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private readonly string _mount = TemporaryStore.NewFolder();

        public static SmallDisk Mount(int mib)
        {
            var disk = new SmallDisk();
            Directory.CreateDirectory(disk._mount);
            if (Run("mount", "-t", "tmpfs", "-o", $"size={mib}m", "kache-test", disk._mount) == 0) return disk;
            Directory.Delete(disk._mount);
            Assert.Skip("A small file system can be mounted by root only.");
            return disk;
        }

        public string Path(string name) => System.IO.Path.Combine(_mount, name);

        public void FillUp()
        {
            try
            {
                using var filler = File.Open(Path("filler"), FileMode.Append);
                var block = new byte[4096];
                while (true)
                {
                    filler.Write(block);
                    filler.Flush();
                }
            }
            catch (IOException)
            {
                // Full, which was asked for.
            }
        }

        public void MakeRoom(int mib) => Assert.Equal(0, Run("mount", "-o", $"remount,size={mib}m", _mount));

        public void Dispose()
        {
            Assert.Equal(0, Run("umount", "--lazy", _mount));
            Directory.Delete(_mount);
        }

        private static int Run(string program, params string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode;
        }
    }
}
