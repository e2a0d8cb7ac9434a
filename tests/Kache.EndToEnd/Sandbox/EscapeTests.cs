using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Origins;
using Xunit;

namespace Kache.EndToEnd.Sandbox;

/// <summary>Ways around Kache that a command may try, and what becomes of them; and what is left when processes are killed.</summary>
public sealed class EscapeTests : IAsyncLifetime
{
    private Lab lab = null!;
    private World world = null!;

    public async ValueTask InitializeAsync()
    {
        lab = await Lab.MakeAsync();
        world = await World.OpenAsync(lab);
        await world.Web.PutAsync("files.test", "hello.txt", "hello from files"u8.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        world.Dispose();
        await lab.DisposeAsync();
    }

    [Theory, Trait("Row", "N7")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_leads_around_by_ip_and_what_was_tried_is_listed(bool isRoot)
    {
        var runner = await Runner.MakeAsync(world, isRoot);
        var before = await lab.DeparturesAsync();
        var tried = (await runner.RunAsync("record", "x",
            """
            python3 - <<'TRY'
            import socket
            def attempt(what, do):
                try: print(what, 'OUT', do())
                except OSError as e: print(what, 'no', e.errno)
            def tcp(address, port):
                s = socket.create_connection((address, port), 3); return s.getpeername()
            def udp(port):
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1); s.connect(('10.77.0.2', port)); s.send(b'x'); return s.recv(100)
            attempt('ssh', lambda: tcp('10.77.0.2', 22))
            attempt('literal6', lambda: tcp('fd77::2', 5432))
            attempt('quic', lambda: udp(443))
            attempt('raw', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
            attempt('packet', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3))
            TRY
            dig +short +time=2 +tries=1 @10.77.0.2 no-such-name.test; dig +short @10.77.0.2 files.test | grep -c '^198\.1[89]\.'
            dig +time=2 +tries=1 @10.77.0.2 dns.google | grep -o REFUSED
            ip route add 10.77.0.0/24 dev lo 2>&1; ip link add x type dummy 2>&1; true
            """)).Succeeds();

        Assert.DoesNotContain("OUT", tried.Out, StringComparison.Ordinal);
        Assert.Contains("\n1\nREFUSED\n", tried.Out, StringComparison.Ordinal);
        foreach (var refused in new[] { "tcp 10.77.0.2:22", "tcp fd77::2:5432", "udp 10.77.0.2:443" })
            Assert.Contains($"refused  {refused}", tried.Err, StringComparison.Ordinal);
        // Kache itself asked the world for names, through the client's own network; nothing else went there.
        Assert.DoesNotContain(world.Names.Questions, q => q.Contains("dns.google", StringComparison.Ordinal));
        Assert.True((await lab.DeparturesAsync() - before).Own == 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sockets_that_lead_around_are_answered_by_nobody_and_one_may_be_shared(bool isRoot)
    {
        var runner = await Runner.MakeAsync(world, isRoot);
        var user = isRoot ? 0 : 1000;
        runner.Client.Machine.Start(["python3", "-c",
            $$"""
            import os, socket, threading
            os.makedirs('/run/user/{{user}}/keyring', exist_ok=True); os.makedirs('/run/dbus', exist_ok=True)
            def serve(path):
                s = socket.socket(socket.AF_UNIX); s.bind(path); s.listen(); os.chmod(path, 0o777) if path[0] == '/' else None
                while True: s.accept()[0].sendall(b'OUT')
            for path in ['/run/user/{{user}}/bus', '/run/user/{{user}}/keyring/ssh', '/run/dbus/system_bus_socket', '/run/docker.sock', '\0abstract']:
                threading.Thread(target=serve, args=(path,)).start()
            os.system('chown -R {{user}} /run/user/{{user}}; touch /run/served')
            """]);
        await runner.Client.Machine.ShellAsync("for i in $(seq 100); do [ -e /run/served ] && exit 0; sleep 0.05; done; exit 1").SucceedsAsync();
        var script =
            $$"""
            python3 - <<'TRY'
            import socket
            for path in ['/run/user/{{user}}/bus', '/run/user/{{user}}/keyring/ssh', '/run/dbus/system_bus_socket', '/run/docker.sock', '/var/run/docker.sock', '\0abstract']:
                try:
                    s = socket.socket(socket.AF_UNIX); s.connect(path); print(repr(path), s.recv(9))
                except OSError as e: print(repr(path), 'no')
            TRY
            """;
        Assert.DoesNotContain("OUT", (await runner.RunAsync("record", "x", script)).Succeeds().Out, StringComparison.Ordinal);
        var shared = (await runner.RunAsync("record", "x", script, "--share-socket", $"/run/user/{user}/keyring/ssh")).Succeeds().Out;
        Assert.Equal($"'/run/user/{user}/keyring/ssh' b'OUT'", Assert.Single(shared.Split('\n'), l => l.Contains("OUT", StringComparison.Ordinal)));
    }

    [Theory, Trait("Row", "T4")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_cas_key_the_store_and_the_outer_namespaces_are_out_of_reach(bool isRoot)
    {
        var runner = await Runner.MakeAsync(world, isRoot);
        var data = isRoot ? "/var/lib/kache" : "/home/u/.local/share/kache";
        (await runner.RunAsync("record", "x", "true")).Succeeds();
        var tried = (await runner.RunAsync("record", "x",
            $$"""
            find {{data}} -name 'ca.key' -o -name kache.db; cat {{data}}/ca/ca.key 2>&1
            nsenter -t 1 -n true && echo OUT; nsenter -t 1 -m true && echo OUT; cat /proc/1/environ && echo OUT; ls /proc/1/fd/ | head -1 | xargs -I{} readlink /proc/1/fd/{} && echo OUT
            umount {{data}} && echo OUT; umount /etc/resolv.conf && echo OUT; mount -t tmpfs none /mnt && echo OUT
            unshare -Urm bash -c 'umount {{data}} && echo OUT; umount -l /proc && echo OUT; ls {{data}}/ca && echo OUT'
            echo 1 > /proc/sys/kernel/core_pattern && echo OUT; mknod /tmp/disk b 254 0 && echo OUT
            true
            """)).Succeeds();
        Assert.DoesNotContain("OUT", tried.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("kache.db", tried.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", tried.Out, StringComparison.Ordinal);

        // From within the folder itself, whatever lies below what was mounted.
        var inside = await runner.Client.Machine.RunAsync(runner.Command(["run", "record", "--tag=x", "--", "cat", "ca.key"]), patience: null, folder: $"{data}/ca");
        Assert.Contains("kept from the command", inside.Ends(125).Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("the process outside", "pkill -KILL -o -x kache")]
    [InlineData("unshare", "pkill -KILL -o -x unshare")]
    [InlineData("the first process inside", "pkill -KILL -n -x kache")]
    [InlineData("the command", "pkill -KILL -x sleep")]
    public async Task Whoever_is_killed_nothing_is_left_and_what_was_recorded_is_kept(string who, string kill)
    {
        var runner = await Runner.MakeAsync(world, isRoot: false);
        var machine = runner.Client.Machine;
        (await runner.RunAsync("record", "x", "true")).Succeeds();
        var mounts = (await machine.ShellAsync("wc -l < /proc/self/mountinfo; find /tmp /run /home/u -name '*kache*' -not -path '*/kache/*' | sort")).Succeeds().Out;

        var running = runner.Start("record", "killed", "curl -sSf https://files.test/hello.txt; (setsid sleep 1000 &); echo; echo up; sleep 1000");
        await running.SaysAsync("up", TimeSpan.FromSeconds(30));
        await machine.ShellAsync(kill).SucceedsAsync();
        await running.EndAsync(TimeSpan.FromSeconds(30));
        await machine.ShellAsync("for i in $(seq 100); do ps -e -o stat=,comm= | grep -v '^Z' | grep -qE ' (kache|unshare|sleep)$' || exit 0; python3 -c 'import time; time.sleep(0.1)'; done; ps -e -o pid,stat,args; exit 1").SucceedsAsync();
        Assert.Equal(mounts, (await machine.ShellAsync("wc -l < /proc/self/mountinfo; find /tmp /run /home/u -name '*kache*' -not -path '*/kache/*' | sort")).Succeeds().Out);

        var next = (await runner.RunAsync("record", "x", "true")).Succeeds();
        if (who == "the process outside") Assert.Contains("had been killed; what it had recorded is sha256:", next.Err, StringComparison.Ordinal);
        Assert.DoesNotContain("killed ", (await runner.KacheAsync("ls")).Succeeds().Out, StringComparison.Ordinal);
        Assert.Equal("[]", (await runner.KacheAsync("session", "ls", "--json")).Succeeds().Out.Trim());
    }
}
