using System.Text.Json;
using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Origins;

namespace Kache.EndToEnd.Serving;

/// <summary>The native program as a server on a lab's server machine, and its command line there.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(30);

    private readonly Lab lab;
    private readonly World world;
    private readonly string[] options;
    private Subprocess process;

    private RunningServer(Lab lab, World world, string data, string[] options)
    {
        this.lab = lab;
        this.world = world;
        this.options = options;
        Data = data;
        process = Launch();
    }

    public static string Url { get; } = $"https://{Lab.ServerAddress}:7070";

    public string Data { get; }

    /// <summary>What it has said since it was started last.</summary>
    public string Log => process.Err;

    /// <summary>Starts a server that takes the world's DNS and its CA for the real ones, and waits until it is ready.</summary>
    public static async Task<RunningServer> StartAsync(Lab lab, World world, string? data = null, params string[] options)
    {
        data ??= Path.Combine(lab.Folder, "data");
        lab.Server.Environment["KACHE_DATA"] = data;
        var server = new RunningServer(lab, world, data, options);
        await server.process.SaysAsync("kache is ready.", Start);
        return server;
    }

    /// <summary>A command of Kache's on the server's machine, where whoever is root is the administrator.</summary>
    public Task<CommandResult> CliAsync(params string[] arguments) => lab.Server.RunAsync([Surroundings.Program, .. arguments], TimeSpan.FromMinutes(2));

    /// <summary>Opens a session for clients known by address; nothing on them is changed.</summary>
    public async Task<OpenedSession> OpenAsync(string mode, string tag, Client? client = null, params string[] more)
    {
        string[] bound = client is null ? [] : ["--client", client.Address.ToString()];
        var opened = await CliAsync(["session", "open", mode, $"--tag={tag}", "--json", .. bound, .. more]).SucceedsAsync();
        var json = JsonDocument.Parse(opened.Out).RootElement;
        return new OpenedSession(this, json.GetProperty("id").GetString()!, json.GetProperty("proxy").GetString()!, json.GetProperty("ca").GetString()!);
    }

    public async Task<EndedSession> CloseAsync(string id, int exitCode, params string[] more)
    {
        var closed = await CliAsync(["session", "close", id, "--json", .. more]).EndsAsync(exitCode);
        return new EndedSession(JsonDocument.Parse(closed.Out).RootElement, closed);
    }

    public async Task<JsonElement> ShowAsync(string reference) => JsonDocument.Parse((await CliAsync("show", reference, "--json").SucceedsAsync()).Out).RootElement;

    /// <summary>The most memory that it has had resident since it was started, in MiB.</summary>
    public async Task<long> PeakMemoryAsync()
    {
        var line = await lab.Server.ShellAsync("grep VmHWM /proc/$(pgrep -x -o kache)/status").SucceedsAsync();
        return long.Parse(line.Out.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], provider: null) / 1024;
    }

    /// <summary>As power does not, but as an out-of-memory killer does.</summary>
    public async Task KillAsync()
    {
        await lab.Server.ShellAsync("kill -9 $(pgrep -x kache)").SucceedsAsync();
        await process.EndAsync(TimeSpan.FromSeconds(10));
    }

    /// <summary>SIGTERM; the exit code.</summary>
    public async Task<int> StopAsync()
    {
        await lab.Server.ShellAsync("kill -TERM $(pgrep -x -o kache)").SucceedsAsync();
        return (await process.EndAsync(TimeSpan.FromSeconds(60))).ExitCode;
    }

    public async Task StartAgainAsync()
    {
        process = Launch();
        await process.SaysAsync("kache is ready.", Start);
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();

    private Subprocess Launch() => lab.Server.Start(
        [Surroundings.Program, "serve", $"--upstream-dns={Lab.WorldAddress}", $"--upstream-ca={world.Authority.File}", .. options]);
}
