using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Origins;

namespace Kache.EndToEnd.Sandbox;

/// <summary>Somebody on a machine of a lab who uses <c>kache run</c>: root, or an ordinary user with a home of its own.</summary>
internal sealed class Runner
{
    private const int OrdinaryUser = 1000;

    private Runner(Client client, World world, bool isRoot, string home) => (Client, World, IsRoot, Home) = (client, world, isRoot, home);

    public Client Client { get; }

    public World World { get; }

    public bool IsRoot { get; }

    public string Home { get; }

    public static async Task<Runner> MakeAsync(World world, bool isRoot)
    {
        var client = await world.Lab.NewClientAsync();
        if (isRoot) return new Runner(client, world, isRoot, "/root");
        await client.Machine.ShellAsync($"mkdir -p /home/u && chown {OrdinaryUser}:{OrdinaryUser} /home/u").SucceedsAsync();
        return new Runner(client, world, isRoot, "/home/u");
    }

    /// <summary>A run of a line of bash.</summary>
    public Task<CommandResult> RunAsync(string mode, string tag, string script, params string[] options) =>
        KacheAsync([.. Words(mode, tag, options), "--", "bash", "-c", script]);

    public Task<CommandResult> KacheAsync(params string[] words) => Client.Machine.RunAsync(Command(words), patience: null, folder: Home);

    public Subprocess Start(string mode, string tag, string script) =>
        Client.Machine.Start(Command([.. Words(mode, tag, []), "--", "bash", "-c", script]), Home);

    /// <summary>As this user, in this user's home.</summary>
    public IReadOnlyList<string> Command(IEnumerable<string> words)
    {
        string[] become = IsRoot ? ["env"] : ["setpriv", $"--reuid={OrdinaryUser}", $"--regid={OrdinaryUser}", "--clear-groups", "env"];
        return [.. become, $"HOME={Home}", Surroundings.Program, .. words];
    }

    private IEnumerable<string> Words(string mode, string tag, IEnumerable<string> options)
    {
        string[] upstream = mode == "record" ? ["--upstream-ca", World.Authority.File] : [];
        return ["run", mode, $"--tag={tag}", .. upstream, .. options];
    }
}
