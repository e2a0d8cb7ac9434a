using System.Net;
using System.Net.Sockets;

namespace Kache.EndToEnd.Machines;

/// <summary>
/// A machine within this one: network, mount, process, host name and IPC namespaces of its own, and a root file system
/// laid over ours. Its first process waits on a pipe that we hold: when the test ends, even by kill -9, all of it is gone.
/// </summary>
internal sealed class Machine : IAsyncDisposable
{
    /// <summary>Long enough for a package manager on a busy machine, short enough for a test.</summary>
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromMinutes(3);

    private readonly Subprocess first;
    private readonly List<Subprocess> started = [];

    private Machine(string name, Subprocess first, int id)
    {
        Name = name;
        this.first = first;
        Id = id;
    }

    public string Name { get; }

    /// <summary>The first process, as this machine numbers it.</summary>
    public int Id { get; }

    /// <summary>
    /// What commands see: nothing of the environment in which the tests run, which may name bundles and proxies of its own.
    /// </summary>
    public Dictionary<string, string> Environment { get; } = new(StringComparer.Ordinal)
    {
        ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ["HOME"] = "/root",
        ["LANG"] = "C.UTF-8",
        ["TERM"] = "dumb",
        ["DOTNET_NOLOGO"] = "1",
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE"] = "true",
        ["DOTNET_ROOT"] = Surroundings.DotnetRoot,
    };

    public static async Task<Machine> MakeAsync(string name, string folder)
    {
        Surroundings.RequireRoot();
        var root = Directory.CreateDirectory(Path.Combine(folder, $"{name}.root")).FullName;
        var arguments = new List<string>
        {
            "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
            "/bin/bash", Surroundings.Beside("Machines/machine.sh"), name, root, Surroundings.Repository, Surroundings.DotnetRoot, $"rw:{folder}",
        };
        var process = new Subprocess("unshare", arguments, shownAs: $"unshare … machine.sh {name}", holdsInput: true);
        await process.SaysAsync("ready ", TimeSpan.FromSeconds(30));
        return new Machine(name, process, int.Parse(process.Out.Split(' ')[1], provider: null));
    }

    /// <summary>Runs a command to its end.</summary>
    public Task<CommandResult> RunAsync(params string[] command) => RunAsync(command, patience: null);

    public async Task<CommandResult> RunAsync(IReadOnlyList<string> command, TimeSpan? patience, string folder = "/root", string? input = null, IReadOnlyDictionary<string, string>? more = null)
    {
        await using var running = Begin(command, folder, holdsInput: input is not null, more);
        if (input is not null)
        {
            await running.Input.WriteAsync(input);
            running.Input.Close();
        }
        return await running.EndAsync(patience ?? DefaultPatience);
    }

    /// <summary>Runs a line of bash to its end.</summary>
    public Task<CommandResult> ShellAsync(string line, TimeSpan? patience = null, string folder = "/root") =>
        RunAsync(["/bin/bash", "-euo", "pipefail", "-c", line], patience, folder);

    /// <summary>Starts a command that ends with the machine at the latest.</summary>
    public Subprocess Start(IReadOnlyList<string> command, string folder = "/root")
    {
        var running = Begin(command, folder, holdsInput: false, more: null);
        started.Add(running);
        return running;
    }

    /// <summary>A socket of the test in this machine's network.</summary>
    public Socket Socket(SocketType type = SocketType.Stream) =>
        NamespaceSockets.Create(Id, AddressFamily.InterNetwork, type, type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp);

    public async Task<Socket> ConnectAsync(IPAddress address, int port)
    {
        var socket = Socket();
        await socket.ConnectAsync(new IPEndPoint(address, port)).WaitAsync(TimeSpan.FromSeconds(10));
        return socket;
    }

    public Socket Listen(IPAddress address, int port)
    {
        var socket = Socket();
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(address, port));
        socket.Listen(512);
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        first.Input.Close();
        await first.EndAsync(TimeSpan.FromSeconds(20));
        foreach (var running in started) await running.DisposeAsync();
        await first.DisposeAsync();
    }

    private Subprocess Begin(IReadOnlyList<string> command, string folder, bool holdsInput, IReadOnlyDictionary<string, string>? more)
    {
        string[] enter = ["-t", $"{Id}", "-m", "-n", "-p", "-u", "-i", $"--wdns={folder}", "--"];
        var environment = more is null ? Environment : new Dictionary<string, string>(Environment.Concat(more).DistinctBy(v => v.Key), StringComparer.Ordinal);
        return new Subprocess("nsenter", [.. enter, .. command], environment, $"{Name}: {string.Join(' ', command)}", holdsInput);
    }
}
