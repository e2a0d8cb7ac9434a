using System.Globalization;
using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Origins;
using Kache.EndToEnd.Serving;
using Xunit;

namespace Kache.EndToEnd.Durability;

public sealed class LargeBodyTests
{
    /// <summary>1 GiB in every run; tests/large-body says 10.</summary>
    private static readonly long Size = long.Parse(Environment.GetEnvironmentVariable("KACHE_LARGE_BODY_GIB") ?? "1", CultureInfo.InvariantCulture) << 30;

    /// <summary>MiB, resident, at most.</summary>
    private const long Memory = 200;

    [Fact]
    public async Task A_large_body_passes_both_ways_in_little_memory()
    {
        await using var ground = new Ground();
        await ground.InitializeAsync();
        var file = Path.Combine(ground.World.Web.Folder, "files.test", "large");
        await DeterministicBytes.WriteAsync(file, Size, seed: 7);
        await File.WriteAllTextAsync(Path.Combine(ground.Lab.Folder, "ca.pem"), ground.Ca);
        Task<CommandResult> FetchAsync() => ground.Client.Machine.ShellAsync(
            $"curl -sS --fail --cacert {ground.Lab.Folder}/ca.pem --connect-to ::{Lab.ServerAddress}: https://files.test/large | cmp - {file}", TimeSpan.FromMinutes(20));

        await using (var recording = await ground.RecordAsync("large"))
        {
            await FetchAsync().SucceedsAsync();
            Assert.Equal(Size, (await recording.CloseAsync()).Bytes);
        }
        var whileRecording = await ground.Server.PeakMemoryAsync();
        await using (var playback = await ground.PlayBackAsync("large"))
        {
            await FetchAsync().SucceedsAsync();
            await playback.CloseAsync();
        }

        Assert.True(whileRecording < Memory, $"{whileRecording} MiB while recording");
        Assert.InRange(await ground.Server.PeakMemoryAsync(), 1, Memory);
    }
}
