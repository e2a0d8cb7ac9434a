using System.Text.Json;
using Kache.EndToEnd.Machines;

namespace Kache.EndToEnd.Serving;

/// <summary>Kache's command line on a client's machine, as its root uses it.</summary>
internal static class HostMode
{
    public static Task<CommandResult> KacheAsync(this Client client, params string[] arguments) =>
        client.Machine.RunAsync([Surroundings.Program, .. arguments], TimeSpan.FromMinutes(2));

    /// <summary>Logs in with a new token that allows what is listed.</summary>
    public static async Task LogInAsync(this Client client, RunningServer server, params string[] allow)
    {
        var token = await server.CliAsync(["token", "create", client.Machine.Name, .. allow.SelectMany(a => new[] { "--allow", a })]).SucceedsAsync();
        var fingerprint = JsonDocument.Parse((await server.CliAsync("ca", "show", "--json").SucceedsAsync()).Out).RootElement.GetProperty("fingerprint").GetString();
        (await client.Machine.RunAsync(
            [Surroundings.Program, "login", RunningServer.Url, "--token-stdin", "--fingerprint", fingerprint!], TimeSpan.FromMinutes(1), input: token.Out)).Succeeds();
    }

    public static async Task<EndedSession> StopAsync(this Client client, string mode, int exitCode = 0)
    {
        var stopped = await client.KacheAsync("stop", mode, "--json").EndsAsync(exitCode);
        return new EndedSession(JsonDocument.Parse(stopped.Out).RootElement, stopped);
    }
}
