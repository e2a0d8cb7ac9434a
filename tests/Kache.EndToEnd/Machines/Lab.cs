using System.Globalization;
using System.Net;
using Xunit;

namespace Kache.EndToEnd.Machines;

/// <summary>
/// Machines on a network of their own: clients — server — world. The server's machine is the clients' router; the world
/// has the origins under .test names and, when asked for, a way to the real registries. Every lab has the same addresses,
/// and none can see another.
/// </summary>
/// <remarks>
/// <code>
/// client 10.78.0.11 ─┐
/// client 10.78.0.12 ─┴─ lan 10.78.0.1 [server] 10.77.0.1 wan ── net0 10.77.0.2 [world] tap0 ── registries
/// </code>
/// </remarks>
internal sealed class Lab : IAsyncDisposable
{
    public static readonly IPAddress ServerAddress = IPAddress.Parse("10.78.0.1");
    public static readonly IPAddress WorldAddress = IPAddress.Parse("10.77.0.2");

    /// <summary>The network before which clients stand, as seen by origins.</summary>
    public static readonly IPAddress ServerOutside = IPAddress.Parse("10.77.0.1");

    private static int labs;

    private readonly List<Machine> machines = [];
    private readonly List<Subprocess> helpers = [];
    private int clients;

    private Lab(string folder) => Folder = folder;

    /// <summary>On disk, and at the same path on every machine of this lab.</summary>
    public string Folder { get; }

    public Machine Server { get; private set; } = null!;

    public Machine World { get; private set; } = null!;

    public static async Task<Lab> MakeAsync(bool registries = false)
    {
        Surroundings.RequireRoot();
        var lab = new Lab(Leftovers.NewFolder(Interlocked.Increment(ref labs)));
        try
        {
            await lab.BuildAsync(registries);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    public async Task<Machine> NewMachineAsync(string name)
    {
        var machine = await Machine.MakeAsync(name, Folder);
        machines.Add(machine);
        return machine;
    }

    /// <summary>A fresh client: nothing installed, nothing cached, nothing trusted beyond a fresh Debian. Its resolver is the world's.</summary>
    public async Task<Client> NewClientAsync()
    {
        var number = ++clients;
        var machine = await NewMachineAsync($"client{number}");
        var address = IPAddress.Parse($"10.78.0.{10 + number}");
        await HereAsync($"ip link add eth0 netns {machine.Id} type veth peer name c{number} netns {Server.Id}");
        await Server.ShellAsync($"ip link set c{number} master lan up").SucceedsAsync();
        await machine.ShellAsync($"ip address add {address}/24 dev eth0; ip link set eth0 up; ip route add default via {ServerAddress}; {Resolver(WorldAddress)}").SucceedsAsync();
        return new Client(this, machine, address);
    }

    /// <summary>From now on nothing that the server's machine sends reaches anybody. What it tries is still counted.</summary>
    public async Task CutOriginsOffAsync() => await World.ShellAsync("nft add rule inet ke2e in iifname net0 drop; nft add rule inet ke2e through iifname net0 drop").SucceedsAsync();

    public async Task ConnectOriginsAsync() => await World.ShellAsync("nft flush chain inet ke2e in; nft flush chain inet ke2e through").SucceedsAsync();

    /// <summary>How many packets the server's machine has sent towards the world: its own, and those of clients that went around Kache.</summary>
    public async Task<Departures> DeparturesAsync()
    {
        var listed = await Server.RunAsync("nft", "list", "counters", "table", "inet", "ke2e").SucceedsAsync();
        long Count(string counter)
        {
            var words = listed.Out[listed.Out.IndexOf($"counter {counter} ", StringComparison.Ordinal)..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            return long.Parse(words[Array.IndexOf(words, "packets") + 1], CultureInfo.InvariantCulture);
        }
        return new Departures(Count("own"), Count("forwarded"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in machines) await machine.DisposeAsync();
        foreach (var helper in helpers) await helper.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    public static string Resolver(IPAddress address) => $"echo 'nameserver {address}' > /etc/resolv.conf";

    private async Task BuildAsync(bool registries)
    {
        World = await NewMachineAsync("world");
        Server = await NewMachineAsync("server");
        await HereAsync($"ip link add wan netns {Server.Id} type veth peer name net0 netns {World.Id}");
        await Server.ShellAsync(
            $$"""
            ip address add {{ServerOutside}}/24 dev wan; ip link set wan up; ip route add default via {{WorldAddress}}
            ip link add lan type bridge; ip address add {{ServerAddress}}/24 dev lan; ip link set lan up
            echo 1 > /proc/sys/net/ipv4/ip_forward
            {{Resolver(WorldAddress)}}
            nft -f - <<'RULES'
            table inet ke2e {
              counter own { }
              counter forwarded { }
              chain out { type filter hook output priority 0; oifname "wan" counter name own; }
              chain through { type filter hook forward priority 0; oifname "wan" counter name forwarded; }
            }
            RULES
            """).SucceedsAsync();
        await World.ShellAsync(
            $$"""
            ip address add {{WorldAddress}}/24 dev net0; ip link set net0 up; ip route add 10.78.0.0/24 via {{ServerOutside}}
            echo 1 > /proc/sys/net/ipv4/ip_forward
            nft -f - <<'RULES'
            table inet ke2e {
              chain in { type filter hook input priority 0; }
              chain through { type filter hook forward priority 0; }
              chain after { type nat hook postrouting priority srcnat; oifname "tap0" masquerade; }
            }
            RULES
            """).SucceedsAsync();
        if (registries) await OpenTheWayOutAsync();
    }

    /// <summary>
    /// A user-space network stack carries the world's packets to what this machine reaches, as ordinary connections of an
    /// ordinary process: nothing of this machine's own network is changed.
    /// </summary>
    private async Task OpenTheWayOutAsync()
    {
        var slirp = new Subprocess(
            "slirp4netns",
            ["--configure", "--mtu=65520", "--disable-host-loopback", "--exit-fd=0", $"{World.Id}", "tap0"],
            holdsInput: true);
        helpers.Add(slirp);
        await World.ShellAsync("for i in $(seq 100); do ip route | grep -q '^default.*tap0' && exit 0; sleep 0.1; done; exit 1").SucceedsAsync();
    }

    private static async Task HereAsync(string command)
    {
        await using var running = new Subprocess("/bin/sh", ["-ec", command]);
        (await running.EndAsync(TimeSpan.FromSeconds(30))).Succeeds();
    }
}

/// <summary>Packets sent by the server's machine to the world.</summary>
/// <param name="Own">By the machine itself.</param>
/// <param name="Forwarded">By clients, through it.</param>
internal readonly record struct Departures(long Own, long Forwarded)
{
    public static Departures operator -(Departures later, Departures earlier) => new(later.Own - earlier.Own, later.Forwarded - earlier.Forwarded);
}

/// <summary>A client's machine in a lab.</summary>
internal sealed record Client(Lab Lab, Machine Machine, IPAddress Address);

internal static class CommandResultTasks
{
    public static async Task<CommandResult> SucceedsAsync(this Task<CommandResult> running) => (await running).Succeeds();

    public static async Task<CommandResult> EndsAsync(this Task<CommandResult> running, int exitCode) => (await running).Ends(exitCode);
}
