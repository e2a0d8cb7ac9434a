using System.Text.Json;
using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Origins;
using Xunit;

namespace Kache.EndToEnd.Sandbox;

/// <summary>A command in its sandbox: what it fetches, what it sees, how it ends.</summary>
public sealed class RunTests : IAsyncLifetime
{
    private Lab lab = null!;
    private World world = null!;

    public async ValueTask InitializeAsync()
    {
        lab = await Lab.MakeAsync();
        world = await World.OpenAsync(lab);
        await world.Web.PutAsync("files.test", "hello.txt", "hello from files"u8.ToArray());
        await world.Web.PutAsync("files.test", "big.bin", DeterministicBytes.Make(3_000_000));
        await world.Web.PutAsync("www.files.test", "hello.txt", "hello from www"u8.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        world.Dispose();
        await lab.DisposeAsync();
    }

    [Theory, Trait("Row", "N10")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_recorded_is_played_back_without_network_and_the_machine_is_as_it_was(bool isRoot)
    {
        var runner = await Runner.MakeAsync(world, isRoot);
        const string Script =
            """
            curl -sSf https://files.test/hello.txt; echo; curl -sSf http://www.files.test/hello.txt; echo
            curl -sSf https://files.test/big.bin | sha256sum; curl -sSf http://files.test:8080/hello.txt; echo
            curl -sSf --insecure --header 'Host: files.test' https://10.77.0.2/hello.txt; echo
            wget -qO- https://files.test/hello.txt; echo; python3 -c 'import urllib.request as u; print(u.urlopen("https://files.test/hello.txt").read())'
            curl -sS --http1.1 --noproxy '*' telnet://files.test:25 2>&1 | sed 's/after [0-9]* ms/at once/' || true
            id -u; pwd; [ -t 0 ] || echo no terminal
            """;
        var before = await StateAsync(runner);

        var recorded = (await runner.RunAsync("record", "demo", Script, "--port", "8080")).Succeeds();
        Assert.Contains("hello from files\nhello from www\n", recorded.Out, StringComparison.Ordinal);
        Assert.Contains(isRoot ? "\n0\n/root\n" : "\n1000\n/home/u\n", recorded.Out, StringComparison.Ordinal);
        Assert.Contains("refused  tcp files.test:25", recorded.Err, StringComparison.Ordinal);
        await lab.CutOriginsOffAsync();
        var departures = await lab.DeparturesAsync();
        var played = (await runner.RunAsync("playback", "demo", Script, "--port", "8080")).Succeeds();

        Assert.Equal(recorded.Out, played.Out);
        Assert.Equal(departures, await lab.DeparturesAsync());
        Assert.Equal(before, await StateAsync(runner));
    }

    [Fact]
    public async Task A_failed_command_keeps_its_exit_code_and_the_tag_its_place()
    {
        var runner = await Runner.MakeAsync(world, isRoot: false);
        (await runner.RunAsync("record", "demo", "curl -sSf https://files.test/hello.txt")).Succeeds();
        var first = await DigestAsync(runner, "demo");

        var failed = (await runner.RunAsync("record", "demo", "curl -sSf https://www.files.test/hello.txt; exit 7", "--report", "report.json")).Ends(7);
        Assert.Equal(first, await DigestAsync(runner, "demo"));
        var report = await ReportAsync(runner);
        Assert.Equal((7, 7, false), (report.GetProperty("exit_code").GetInt32(), report.GetProperty("command_exit_code").GetInt32(), report.GetProperty("session").GetProperty("tag_moved").GetBoolean()));
        var kept = report.GetProperty("session").GetProperty("digest").GetString()!;
        Assert.Contains(kept, failed.Err, StringComparison.Ordinal);
        Assert.Equal("hello from www", (await runner.RunAsync("playback", kept, "curl -sSf https://www.files.test/hello.txt")).Succeeds().Out);

        (await runner.RunAsync("record", "demo", "exit 7", "--tag-anyway")).Ends(7);
        Assert.NotEqual(first, await DigestAsync(runner, "demo"));
    }

    [Fact, Trait("Row", "H21")]
    public async Task A_miss_is_told_and_shows_in_the_exit_code_of_a_command_that_ended_well()
    {
        var runner = await Runner.MakeAsync(world, isRoot: false);
        (await runner.RunAsync("record", "demo", "curl -sSf https://files.test/hello.txt")).Succeeds();

        var missed = (await runner.RunAsync("playback", "demo", "curl -s https://files.test/hello.text; true", "--report", "report.json")).Ends(3);
        Assert.Contains("miss  GET https://files.test/hello.text", missed.Err, StringComparison.Ordinal);
        Assert.Equal(1, (await ReportAsync(runner)).GetProperty("session").GetProperty("miss_count").GetInt32());
        (await runner.RunAsync("playback", "demo", "curl -sf https://files.test/hello.text")).Ends(22);
    }

    [Fact]
    public async Task What_keeps_a_command_from_running_has_its_own_exit_code()
    {
        var runner = await Runner.MakeAsync(world, isRoot: false);
        Assert.Contains("There is no command 'no-such'", (await runner.KacheAsync("run", "record", "--tag=x", "--", "no-such")).Ends(127).Err, StringComparison.Ordinal);
        (await runner.KacheAsync("run", "record", "--tag=x", "--", "/etc/passwd")).Ends(126);
        (await runner.KacheAsync("run", "playback", "--tag=unknown", "--", "true")).Ends(125);
        (await runner.RunAsync("record", "x", "kill -TERM $$; sleep 9")).Ends(143);
        (await runner.KacheAsync("run", "record", "--tag=Not Valid", "--", "true")).Ends(125);
        (await runner.KacheAsync("run", "record", "--", "true")).Ends(2);
    }

    [Fact]
    public async Task Input_arguments_and_environment_reach_the_command_byte_for_byte()
    {
        var runner = await Runner.MakeAsync(world, isRoot: false);
        var machine = runner.Client.Machine;
        var words = string.Join(' ', runner.Command(["run", "record", "--tag=x", "--", "bash", "-c"]).Select(w => $"'{w}'"));
        var said = await machine.ShellAsync($$"""printf 'se\xffcret' | ODD=$'\xfe' {{words}} 'cat; printf "|%s|%s" "$1" "$ODD"' sh $'a\xffb' 2>/dev/null | od -An -tx1 | tr -d ' \n'""").SucceedsAsync();
        Assert.Equal("7365ff637265747c61ff627cfe", said.Out);
    }

    [Fact]
    public async Task A_signal_reaches_the_command_which_ends_as_it_will()
    {
        var runner = await Runner.MakeAsync(world, isRoot: false);
        var running = runner.Start("record", "x", "trap 'echo got it; exit 9' TERM; echo up; while :; do sleep 0.05; done");
        await running.SaysAsync("up", TimeSpan.FromSeconds(30));
        await runner.Client.Machine.ShellAsync("pkill -TERM -o -x kache").SucceedsAsync();
        Assert.Contains("got it", (await running.EndAsync(TimeSpan.FromSeconds(30))).Ends(9).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_reaches_the_command_once_and_the_recording_is_sealed()
    {
        var runner = await Runner.MakeAsync(world, isRoot: false);
        var words = string.Join(' ', runner.Command(["run", "record", "--tag=x", "--", "bash", "-c"]).Select(w => $"'{w}'"));
        var said = await runner.Client.Machine.ShellAsync(
            $$"""
            cat > /tmp/inner.sh <<'INNER'
            n=0; trap 'n=$((n + 1))' INT; echo READY; for i in $(seq 30); do sleep 0.1; done; echo "interrupted $n"; exit 5
            INNER
            ( for i in $(seq 200); do grep -q READY /tmp/typed && break; sleep 0.1; done; printf '\003'; sleep 8 ) |
              script -qefc "exec {{words}} '. /tmp/inner.sh'" /tmp/typed >/dev/null || echo "code $?"
            cat /tmp/typed
            """);
        Assert.Contains("interrupted 1", said.Out, StringComparison.Ordinal);
        Assert.Contains("code 5", said.Out, StringComparison.Ordinal);
        Assert.Contains("the tag x stays where it was", said.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_at_the_same_time_share_a_data_folder()
    {
        var runner = await Runner.MakeAsync(world, isRoot: false);
        var runs = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            runner.RunAsync("record", $"run{i}", $"curl -sSf https://files.test/hello.txt; curl -sSf https://files.test/big.bin?{i} | sha256sum")));
        foreach (var run in runs) Assert.Equal(runs[0].Succeeds().Out, run.Succeeds().Out);
        await lab.CutOriginsOffAsync();
        (await runner.RunAsync("playback", "run7", "curl -sSf https://files.test/big.bin?7 | sha256sum")).Succeeds();
        Assert.Equal(20, (await runner.KacheAsync("ls")).Succeeds().Out.Split('\n').Count(l => l.StartsWith("run", StringComparison.Ordinal)));
    }

    private static async Task<string> DigestAsync(Runner runner, string tag)
    {
        using var shown = JsonDocument.Parse((await runner.KacheAsync("show", tag, "--json")).Succeeds().Out);
        return shown.RootElement.GetProperty("digest").GetString()!;
    }

    private static async Task<JsonElement> ReportAsync(Runner runner) =>
        JsonDocument.Parse((await runner.Client.Machine.RunAsync("cat", $"{runner.Home}/report.json")).Succeeds().Out).RootElement;

    /// <summary>What could have been changed, and what could have been left.</summary>
    private static async Task<string> StateAsync(Runner runner) => (await runner.Client.Machine.ShellAsync(
        """
        sha256sum /etc/resolv.conf /etc/nsswitch.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt | sort
        find /etc /run /usr/local /tmp -xdev | LC_ALL=C sort | sha256sum; cat /proc/self/mountinfo | wc -l; ip -brief address; ip route
        all=$(ps -e -o comm=); printf '%s\n' "$all" | LC_ALL=C sort | uniq -c
        """)).Succeeds().Out;
}
