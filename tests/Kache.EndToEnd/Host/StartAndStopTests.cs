using System.Diagnostics;
using System.Globalization;
using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Serving;
using Xunit;

namespace Kache.EndToEnd.Host;

/// <summary>What start does to a machine, and that stop takes it back, whatever happens in between.</summary>
public sealed class StartAndStopTests(Ground ground) : IClassFixture<Ground>
{
    /// <summary>Spread over the time that the command takes.</summary>
    private const int Kills = 12;

    [Theory]
    [InlineData("a plain file", "true")]
    [InlineData("a symlink", "mkdir -p /run/x; cp /etc/resolv.conf /run/x/resolv.conf; ln -sf /run/x/resolv.conf /etc/resolv.conf")]
    [InlineData("a dangling symlink's neighbour", "cp /etc/resolv.conf /etc/resolv.real; ln -sf resolv.real /etc/resolv.conf")]
    [InlineData("a mount of its own", "cp /etc/resolv.conf /run/resolv; mount --bind /run/resolv /etc/resolv.conf")]
    [Trait("Row", "N9")]
    public async Task Every_kind_of_resolv_conf_leads_to_Kache_and_back(string kind, string setup)
    {
        ground.Origin.Answers("/kind", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var client = await NewClientAsync();
        await client.Machine.ShellAsync(setup).SucceedsAsync();
        var before = await MachineState.OfAsync(client.Machine);

        await client.KacheAsync("start", "record", "--tag=kinds").SucceedsAsync();
        Assert.Equal("ok", (await client.Machine.RunAsync("curl", "-sS", "https://script.test/kind").SucceedsAsync()).Out);
        Assert.Equal(1, (await client.StopAsync("record")).Requests);

        Assert.True(before == await MachineState.OfAsync(client.Machine), kind);
    }

    [Fact]
    [Trait("Row", "T2")]
    public async Task The_bundle_holds_the_systems_roots_and_ours()
    {
        var client = await NewClientAsync();
        const string Subjects = "openssl crl2pkcs7 -nocrl -certfile /etc/ssl/certs/ca-certificates.crt | openssl pkcs7 -print_certs -noout | grep ^subject | LC_ALL=C sort";
        var roots = (await client.Machine.ShellAsync(Subjects).SucceedsAsync()).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        await client.KacheAsync("start", "record", "--tag=t2").SucceedsAsync();
        var during = (await client.Machine.ShellAsync(Subjects).SucceedsAsync()).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await client.StopAsync("record");

        Assert.Empty(roots.Except(during));
        Assert.Contains("Kache", Assert.Single(during.Except(roots)), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Shells_that_are_already_open_and_other_users_go_through_Kache_too()
    {
        ground.Origin.Answers("/open", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var client = await NewClientAsync();
        await client.Machine.ShellAsync("useradd -m somebody").SucceedsAsync();
        var open = client.Machine.Start(["setpriv", "--reuid=somebody", "--regid=somebody", "--clear-groups", "bash", "-c", "until [ -e /tmp/go ]; do sleep 0.1; done; curl -sS https://script.test/open"]);

        await client.KacheAsync("start", "record", "--tag=open").SucceedsAsync();
        await client.Machine.ShellAsync("touch /tmp/go").SucceedsAsync();
        var ended = await open.EndAsync(TimeSpan.FromSeconds(20));

        Assert.Equal("ok", ended.Succeeds().Out);
        Assert.Equal(1, (await client.StopAsync("record")).Requests);
    }

    [Theory]
    [InlineData("curl", "curl -sS --fail https://script.test/tool")]
    [InlineData("wget", "wget -q -O - https://script.test/tool")]
    [InlineData("python", "/usr/bin/python3 -c 'import urllib.request as u; print(u.urlopen(\"https://script.test/tool\").read().decode())'")]
    [InlineData("openssl", "echo | openssl s_client -connect script.test:443 -servername script.test -verify_return_error >/dev/null 2>&1 && echo ok")]
    [InlineData("git", "git ls-remote https://script.test/tool.git 2>&1 | grep -q -i -e certificate && exit 1; echo ok")]
    [Trait("Row", "T1")]
    public async Task A_tool_with_its_own_way_of_trust_trusts_Kache(string tool, string command)
    {
        ground.Origin.Answers("/tool", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var client = await NewClientAsync();
        await client.KacheAsync("start", "record", "--tag=tools").SucceedsAsync();

        var result = await client.Machine.ShellAsync(command);
        await client.StopAsync("record");

        Assert.True(result is { ExitCode: 0 } && result.Out.Trim() == "ok", $"{tool}: {result}");
    }

    [Fact]
    public async Task What_others_changed_meanwhile_is_kept_and_told()
    {
        var client = await NewClientAsync();
        await client.KacheAsync("start", "record", "--tag=meanwhile").SucceedsAsync();
        await client.Machine.ShellAsync("printf 'options timeout:7\n' >> /etc/resolv.conf").SucceedsAsync();

        var stopped = await client.KacheAsync("stop", "record").SucceedsAsync();

        var now = (await client.Machine.RunAsync("cat", "/etc/resolv.conf").SucceedsAsync()).Out;
        Assert.Contains("options timeout:7", now, StringComparison.Ordinal);
        Assert.Contains($"nameserver {Lab.WorldAddress}", now, StringComparison.Ordinal);
        Assert.DoesNotContain(Lab.ServerAddress.ToString(), now, StringComparison.Ordinal);
        Assert.Contains("resolv.conf", stopped.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_out_of_turn_are_errors_that_change_nothing()
    {
        var client = await NewClientAsync();
        var before = await MachineState.OfAsync(client.Machine);
        await client.KacheAsync("stop", "record").EndsAsync(1);
        await client.KacheAsync("stop", "playback").EndsAsync(1);
        await client.KacheAsync("start", "record", "--tag=Not Valid").EndsAsync(2);
        await client.KacheAsync("start", "playback", "--tag=unknown").EndsAsync(1);
        Assert.Equal(before, await MachineState.OfAsync(client.Machine));

        await client.KacheAsync("start", "record", "--tag=turn").SucceedsAsync();
        var during = await MachineState.OfAsync(client.Machine);
        Assert.NotEqual(before, during);
        Assert.Contains("stop record", (await client.KacheAsync("start", "record", "--tag=turn").EndsAsync(1)).Err, StringComparison.Ordinal);
        await client.KacheAsync("start", "playback", "--tag=turn").EndsAsync(1);
        await client.KacheAsync("stop", "playback").EndsAsync(1);
        Assert.Equal(during, await MachineState.OfAsync(client.Machine));

        await client.StopAsync("record");
        Assert.Equal(before, await MachineState.OfAsync(client.Machine));
    }

    [Fact]
    public async Task Only_root_starts()
    {
        var client = await NewClientAsync();

        var result = await client.Machine.ShellAsync($"useradd -m somebody; setpriv --reuid=somebody --regid=somebody --clear-groups env HOME=/home/somebody {Surroundings.Program} start record --tag=a").EndsAsync(5);

        Assert.Contains("root", result.Err, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_is_killed_at_any_moment_is_taken_back_by_stop()
    {
        var client = await NewClientAsync();
        var before = await MachineState.OfAsync(client.Machine);
        var whole = Stopwatch.StartNew();
        await client.KacheAsync("start", "record", "--tag=killed").SucceedsAsync();
        whole.Stop();
        await client.StopAsync("record");
        var changed = 0;
        for (var kill = 1; kill <= Kills; kill++)
        {
            await KillAsync(client, whole.Elapsed * kill / Kills, "start", "record", "--tag=killed");
            if (await MachineState.OfAsync(client.Machine) != before) changed++;
            await client.KacheAsync("stop", "record");
            Assert.True(before == await MachineState.OfAsync(client.Machine), $"killed at {kill}/{Kills} of {whole.Elapsed}");
        }
        Assert.True(changed > 0, $"no kill of {Kills} in {whole.Elapsed} came in the middle of it");
        Assert.DoesNotContain(client.Address.ToString(), (await ground.Server.CliAsync("session", "ls").SucceedsAsync()).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_that_is_killed_at_any_moment_is_finished_by_the_next()
    {
        var client = await NewClientAsync();
        var before = await MachineState.OfAsync(client.Machine);
        await client.KacheAsync("start", "record", "--tag=killed-stop").SucceedsAsync();
        var whole = Stopwatch.StartNew();
        await client.StopAsync("record");
        whole.Stop();
        for (var kill = 1; kill <= Kills; kill++)
        {
            await client.KacheAsync("start", "record", "--tag=killed-stop").SucceedsAsync();
            await KillAsync(client, whole.Elapsed * kill / Kills, "stop", "record");
            await client.KacheAsync("stop", "record");
            Assert.True(before == await MachineState.OfAsync(client.Machine), $"killed at {kill}/{Kills} of {whole.Elapsed}");
        }
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_at_stop_does_not_keep_the_machine()
    {
        await using var lab = await Lab.MakeAsync();
        using var world = await Origins.World.OpenAsync(lab);
        await using var server = await RunningServer.StartAsync(lab, world);
        var client = await lab.NewClientAsync();
        await client.LogInAsync(server, "record:*");
        var before = await MachineState.OfAsync(client.Machine);
        await client.KacheAsync("start", "record", "--tag=gone").SucceedsAsync();
        await server.KillAsync();

        var stopped = await client.KacheAsync("stop", "record").EndsAsync(1);
        Assert.Equal(before, await MachineState.OfAsync(client.Machine));
        Assert.Contains(RunningServer.Url, stopped.Err, StringComparison.Ordinal);

        await server.StartAgainAsync();
        await client.KacheAsync("stop", "record").SucceedsAsync();
        await server.ShowAsync("gone");
    }

    [Fact]
    public async Task A_path_that_does_not_work_is_found_before_start_says_so_and_all_is_taken_back()
    {
        await using var lab = await Lab.MakeAsync();
        using var world = await Origins.World.OpenAsync(lab);
        await using var server = await RunningServer.StartAsync(lab, world, null, "--https-port=0");
        var client = await lab.NewClientAsync();
        await client.LogInAsync(server, "record:*");
        var before = await MachineState.OfAsync(client.Machine);

        await client.KacheAsync("start", "record", "--tag=nopath").EndsAsync(1);

        Assert.Equal(before, await MachineState.OfAsync(client.Machine));
        Assert.DoesNotContain(client.Address.ToString(), (await server.CliAsync("session", "ls").SucceedsAsync()).Out, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "N6")]
    [Trait("Row", "T5")]
    public async Task A_bypassed_host_is_reached_itself_on_every_port()
    {
        ground.Origin.ListenRaw(2222, async stream => await stream.WriteAsync("SSH-2.0-origin\r\n"u8.ToArray()));
        var client = await NewClientAsync();
        await client.KacheAsync("start", "record", "--tag=bypass", "--bypass=bypassed.test").SucceedsAsync();

        var greeting = await client.Machine.ShellAsync("exec 3<>/dev/tcp/bypassed.test/2222; head -n 1 <&3");
        var ended = await client.StopAsync("record");

        Assert.Equal("SSH-2.0-origin", greeting.Succeeds().Out.Trim());
        Assert.Contains(ended.Gaps, g => g.Where.Contains("bypassed.test", StringComparison.Ordinal));
    }

    private static Task KillAsync(Client client, TimeSpan after, params string[] command) =>
        client.Machine.ShellAsync(string.Create(CultureInfo.InvariantCulture, $"timeout -s KILL {after.TotalSeconds:0.000} {Surroundings.Program} {string.Join(' ', command)} || true")).SucceedsAsync();

    private async Task<Client> NewClientAsync()
    {
        var client = await ground.Lab.NewClientAsync();
        await client.LogInAsync(ground.Server, "record:*", "playback:*");
        return client;
    }
}
