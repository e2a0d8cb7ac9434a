using System.Text;
using Kache.Api;
using Kache.Cli.Output;
using Kache.Sandbox;
using Kache.Sandbox.Kernel;
using Kache.Server;

namespace Kache.Cli.Running;

/// <summary>
/// A run without a sandbox: the command is told of an explicit proxy and of roots by variables. What ignores them goes around,
/// and nobody sees it.
/// </summary>
internal sealed class ProxiedRun(Shell shell, RunRequest request)
{
    private const string Warning =
        "Without a sandbox the command is led by proxy variables alone: what ignores them, or goes to another port, is neither recorded nor kept from the network, and Kache does not see it.";

    public async Task<int> RunAsync(CommandSignals signals, CancellationToken cancellation)
    {
        shell.Warn(Warning);
        await using var server = await EmbeddedServer.OpenAsync(request.Server, shell.Clock, cancellation);
        var ending = new RunEnding(shell, request, server);
        await ending.TellAbandonedAsync(cancellation);
        var port = await server.ServeExplicitAsync(cancellation);
        var opened = await ending.OpenAsync([], server.Facts with { ProxyPort = port }, cancellation);
        var variables = new CommandEnvironment(Processes.Own("environ"));
        await TellAsync(variables, opened, cancellation);
        return await ending.CloseAsync(await CommandAsync(signals, variables), [], ending.WarmCaches(), sandboxed: false);
    }

    private async Task TellAsync(CommandEnvironment variables, SessionOpened opened, CancellationToken cancellation)
    {
        foreach (var name in Masks.TakenVariables.Where(n => !n.StartsWith("DBUS_", StringComparison.Ordinal))) variables.Set(name, null);
        foreach (var name in SessionVariables.ProxyVariables) variables.Set(name, opened.Proxy);
        // A server that the command starts for itself is its own.
        foreach (var name in new[] { "NO_PROXY", "no_proxy" }) variables.Set(name, "localhost,127.0.0.1,::1");
        var bundle = await SessionVariables.WriteBundleAsync(shell, opened, cancellation);
        foreach (var name in SessionVariables.BundleVariables) variables.Set(name, bundle);
    }

    private async Task<SandboxEnd> CommandAsync(CommandSignals signals, CommandEnvironment variables)
    {
        var name = request.Words[0];
        switch (CommandSearch.Find(name, variables.Get("PATH")))
        {
            case CommandSearch.Result.NotFound: return new SandboxEnd(RunExitCode.NotFound, Started: false, $"There is no command '{name}'.");
            case CommandSearch.Result.NotExecutable: return new SandboxEnd(RunExitCode.NotExecutable, Started: false, $"'{name}' cannot be executed.");
        }
        var words = request.Command;
        var child = Processes.Spawn(Encoding.UTF8.GetString(words[0]), words, variables.Words);
        signals.PassTo(signal => Processes.Signal(child, signal));
        var ended = await Task.Factory.StartNew(() => Processes.Wait(child), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return new SandboxEnd(ended!.Value.ExitCode, Started: true, null);
    }
}
