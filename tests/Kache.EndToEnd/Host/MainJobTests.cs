using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Origins;
using Kache.EndToEnd.Serving;
using Xunit;

namespace Kache.EndToEnd.Host;

/// <summary>The README's main job on one machine, with no server at hand: start brings one up, stop leaves nothing behind.</summary>
public sealed class MainJobTests
{
    private static readonly string Wrapper = Path.Combine(Surroundings.Repository, "kache");

    [Fact]
    public async Task Start_build_stop_and_again_without_the_network()
    {
        await using var lab = await Lab.MakeAsync();
        using var world = await World.OpenAsync(lab);
        await world.Web.PutAsync("files.test", "thing", DeterministicBytes.Make(3_000_000));
        var client = await lab.NewClientAsync();
        await world.TrustDirectlyAsync(client);
        Task<CommandResult> KacheAsync(params string[] arguments) => client.Machine.RunAsync([Wrapper, .. arguments], TimeSpan.FromMinutes(1));
        Task<CommandResult> FetchAsync() => client.Machine.ShellAsync("curl -sS --fail https://files.test/thing | sha256sum; wget -q -O - http://files.test/thing | sha256sum");
        var before = await MachineState.OfAsync(client.Machine);

        var started = await KacheAsync("start", "record", "--tag=example1").SucceedsAsync();
        Assert.Contains("/var/lib/kache", started.Err, StringComparison.Ordinal);
        Assert.Contains("every", started.Err, StringComparison.OrdinalIgnoreCase);
        var recorded = await FetchAsync().SucceedsAsync();
        var stopped = await KacheAsync("stop", "record").SucceedsAsync();
        foreach (var fact in new[] { "requests  2", "hosts", "bytes", "gaps      0", "digest    sha256:" }) Assert.Contains(fact, stopped.Out, StringComparison.Ordinal);
        Assert.Equal(before, await MachineState.OfAsync(client.Machine));

        await lab.CutOriginsOffAsync();
        await KacheAsync("start", "playback", "--tag=example1").SucceedsAsync();
        var departures = await lab.DeparturesAsync();
        var played = await FetchAsync().SucceedsAsync();
        Assert.Equal(default, await lab.DeparturesAsync() - departures);
        Assert.Contains("misses    0", (await KacheAsync("stop", "playback").SucceedsAsync()).Out, StringComparison.Ordinal);

        Assert.Equal(recorded.Out, played.Out);
        Assert.Equal(before, await MachineState.OfAsync(client.Machine));
        await client.Machine.ShellAsync("for i in $(seq 150); do ps -C kache -o stat= | grep -qv '^Z' || exit 0; sleep 0.1; done; ps -ef; exit 1").SucceedsAsync();
    }

    [Fact]
    public async Task A_miss_shows_in_the_exit_code_of_stop()
    {
        await using var lab = await Lab.MakeAsync();
        using var world = await World.OpenAsync(lab);
        await world.Web.PutAsync("files.test", "thing", "thing"u8.ToArray());
        var client = await lab.NewClientAsync();
        await world.TrustDirectlyAsync(client);
        await client.KacheAsync("start", "record", "--tag=example1").SucceedsAsync();
        await client.Machine.RunAsync("curl", "-sS", "--fail", "https://files.test/thing").SucceedsAsync();
        await client.StopAsync("record");
        await client.KacheAsync("start", "playback", "--tag=example1").SucceedsAsync();

        await client.Machine.RunAsync("curl", "-sS", "--fail", "https://files.test/another").EndsAsync(22);

        Assert.Equal("https://files.test/another", Assert.Single((await client.StopAsync("playback", exitCode: 3)).Misses).Url);
    }

    [Fact]
    public async Task The_local_server_listens_on_loopback_alone_has_no_API_port_and_is_not_root()
    {
        await using var lab = await Lab.MakeAsync();
        using var world = await World.OpenAsync(lab);
        var client = await lab.NewClientAsync();
        await client.KacheAsync("start", "record", "--tag=example1").SucceedsAsync();

        var listening = (await client.Machine.RunAsync("ss", "-Hltn").SucceedsAsync()).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(listening);
        Assert.All(listening, l => Assert.Matches(@"\s127\.\d+\.\d+\.\d+:|\s\[::1\]:", l));
        Assert.DoesNotContain(listening, l => l.Contains(":7070 ", StringComparison.Ordinal));
        var owner = await client.Machine.ShellAsync("ps -o uid= -p $(pgrep -x -o kache)").SucceedsAsync();
        Assert.NotEqual("0", owner.Out.Trim());
        await client.StopAsync("record");
    }
}
