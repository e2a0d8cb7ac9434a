using System.Text;
using Kache.Exchanges;
using Kache.Store;
using Kache.Store.Folder;
using Xunit;

namespace Kache.Tests.Store;

public sealed class DataFolderTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_folder_is_its_owners_alone()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        await temporary.RecordAsync("s1", Sample.Exchange(0));
        Assert.Equal("kache store format 1\n", await File.ReadAllTextAsync(temporary.Paths.Version, Stop));
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        var files = Directory.GetFiles(temporary.Root, "*", SearchOption.AllDirectories);
        Assert.True(files.Length > 8);
        foreach (var path in files.Concat(Directory.GetDirectories(temporary.Root, "*", SearchOption.AllDirectories)).Append(temporary.Root))
            Assert.True((File.GetUnixFileMode(path) & others) == UnixFileMode.None, path);
    }

    [Fact]
    public async Task A_second_server_is_refused_and_told_of_the_first()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var refused = await Assert.ThrowsAsync<DataFolderException>(() => DataStore.OpenAsync(temporary.Root, StoreAccess.Server, TimeProvider.System, Stop));
        Assert.Contains($"process {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
        Assert.Contains(temporary.Root, refused.Message, StringComparison.Ordinal);
        Assert.Contains("--data", refused.Message, StringComparison.Ordinal);
        // It has changed nothing, and the place is free again afterwards.
        await temporary.ReopenAsync();
    }

    [Fact]
    public async Task Any_number_of_companions_work_beside_a_server_and_without_one()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        await using var one = await DataStore.OpenAsync(temporary.Root, StoreAccess.Companion, TimeProvider.System, Stop);
        await using var two = await DataStore.OpenAsync(temporary.Root, StoreAccess.Companion, TimeProvider.System, Stop);
        await temporary.CloseAsync();
        await using var journal = await one.OpenJournalAsync("s1", Stop);
        await journal.AppendAsync(Sample.Exchange(0));
        var digest = await one.SealAsync(journal, Stop);
        Assert.True(TagName.TryParse("seen", out var tag));
        await one.Catalog.MoveTagAsync(tag, digest, Stop);
        Assert.Equal(digest, Assert.Single(await two.Catalog.TagsAsync(Stop)).Digest);
        using var recording = await two.OpenRecordingAsync(digest, Stop);
        Assert.Equal(1, recording.Summary.Requests);
    }

    [Theory]
    [InlineData("kache store format 2\n", "format 2")]
    [InlineData("kache store format 10\n", "format 10")]
    [InlineData("something else", "not a data folder")]
    [InlineData("", "not a data folder")]
    public async Task Another_format_is_refused_and_nothing_is_changed(string version, string says)
    {
        var root = TemporaryStore.NewFolder();
        Directory.CreateDirectory(root);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(root, "version"), version, Stop);
            foreach (var access in Enum.GetValues<StoreAccess>())
            {
                var refused = await Assert.ThrowsAsync<DataFolderException>(() => DataStore.OpenAsync(root, access, TimeProvider.System, Stop));
                Assert.Contains(says, refused.Message, StringComparison.Ordinal);
                Assert.Contains(root, refused.Message, StringComparison.Ordinal);
            }
            Assert.Equal(["version"], Directory.GetFileSystemEntries(root).Select(Path.GetFileName));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public async Task A_newer_catalog_is_refused()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        await temporary.CloseAsync();
        using (var connection = Database.Open(temporary.Paths.Catalog, durable: true)) Database.Run(connection, "PRAGMA user_version = 99");
        var refused = await Assert.ThrowsAsync<DataFolderException>(temporary.ReopenAsync);
        Assert.Contains("99", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_catalog_is_told_and_left_as_it_is()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        await temporary.CloseAsync();
        var spoiled = Sample.Bytes(5000);
        await File.WriteAllBytesAsync(temporary.Paths.Catalog, spoiled, Stop);
        var refused = await Assert.ThrowsAsync<DataFolderException>(temporary.ReopenAsync);
        Assert.Contains("damaged", refused.Message, StringComparison.Ordinal);
        Assert.Equal(spoiled, await File.ReadAllBytesAsync(temporary.Paths.Catalog, Stop));
    }

    [Theory]
    [InlineData("/proc/kache")]
    [InlineData("/dev/null/kache")]
    public async Task A_folder_that_cannot_be_made_says_so(string folder)
    {
        var refused = await Assert.ThrowsAsync<DataFolderException>(() => DataStore.OpenAsync(folder, StoreAccess.Companion, TimeProvider.System, Stop));
        Assert.Contains(folder, refused.Message, StringComparison.Ordinal);
        Assert.Contains("--data", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nfs4", true)]
    [InlineData("cifs", true)]
    [InlineData("9p", true)]
    [InlineData("fuse.sshfs", true)]
    [InlineData("ext4", false)]
    [InlineData("overlay", false)]
    [InlineData("tmpfs", false)]
    [InlineData("fuseblk", false)]
    [InlineData("fuse.fuse-overlayfs", false)]
    public void Network_file_systems_are_known(string type, bool network) => Assert.Equal(network, FileSystems.IsNetwork(type));

    [Fact]
    public void The_type_of_a_mount_is_read_from_its_line()
    {
        string[] lines =
        [
            "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
            "221 22 0:40 / /mnt/a\\040b rw,nosuid shared:12 master:3 - nfs4 server.test:/x rw,vers=4.2",
        ];
        Assert.Equal("nfs4", FileSystems.TypeIn(lines, 221));
        Assert.Equal("ext4", FileSystems.TypeIn(lines, 22));
        Assert.Null(FileSystems.TypeIn(lines, 2));
    }

    [Fact]
    public async Task Two_processes_move_tags_and_both_keep_every_move()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var others = new[] { Child.Start(nameof(ChildProcesses.Moves_tags), temporary.Root, "a"), Child.Start(nameof(ChildProcesses.Moves_tags), temporary.Root, "b") };
        Assert.True(TagName.TryParse("shared", out var tag));
        for (var i = 0; i < ChildProcesses.Moves; i++) await temporary.Store.Catalog.MoveTagAsync(tag, Digest.Empty, Stop);
        foreach (var other in others) await other.EndAsync();
        var history = await temporary.Store.Catalog.HistoryAsync(tag, Stop);
        Assert.Equal(3 * ChildProcesses.Moves, history.Count);
        Assert.Equal(history[0].Digest, Assert.Single(await temporary.Store.Catalog.TagsAsync(Stop)).Digest);
        foreach (var who in (string[])["a", "b"])
            Assert.Equal(ChildProcesses.Moves, history.Count(move => move.Digest == Digest.Of(Encoding.ASCII.GetBytes(who))));
    }

    [Fact]
    public async Task What_was_acknowledged_is_there_after_kill_9()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        for (var round = 0; round < 5; round++)
        {
            await temporary.CloseAsync();
            var child = Child.Start(nameof(ChildProcesses.Records), temporary.Root, "s1");
            var acknowledged = await child.KillAfterAsync(lines: 20 + (round * 173));
            await temporary.ReopenAsync();
            await using var journal = await temporary.Store.OpenJournalAsync("s1", Stop);
            using var recording = await temporary.Store.OpenRecordingAsync(await temporary.Store.SealAsync(journal, Stop), Stop);
            var kept = new HashSet<string>(StringComparer.Ordinal);
            await foreach (var exchange in recording.ReadAllAsync(Stop))
            {
                using var body = recording.OpenBody(exchange.Response.Body.Digest)!;
                Assert.Equal(exchange.Response.Body.Digest, Digest.Of(await body.ReadAsync(0, body.Length)));
                Assert.True(kept.Add(exchange.Request.Target));
            }
            Assert.Subset(kept, acknowledged);
            Assert.Equal(0, recording.Summary.Gaps);
        }
    }
}
