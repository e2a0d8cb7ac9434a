using Kache.Api;
using Kache.Cli.Output;
using Kache.Sandbox;
using Kache.Server;

namespace Kache.Cli.Running;

/// <summary>
/// A run in a sandbox: 1. its networks are made while the data folder is opened; 2. a session is opened; 3. the sandbox's sockets
/// are served; 4. the command begins, and ends; 5. the session is closed, and told.
/// </summary>
internal sealed class SandboxedRun(Shell shell, RunRequest request)
{
    private const int AdministerSystem = 21;

    private readonly List<string> _notes = [];

    /// <exception cref="SandboxUnavailableException">This machine does not give the namespaces.</exception>
    public async Task<int> RunAsync(CommandSignals signals, CancellationToken cancellation)
    {
        var ports = new[] { 80, 443 }.Concat(request.Ports).Distinct().ToList();
        var userNamespace = !IsRealRoot();
        using var sandbox = SandboxProcess.Start(Program(), request.Command, ports, userNamespace);
        await using var server = await EmbeddedServer.OpenAsync(request.Server, shell.Clock, cancellation);
        var ending = new RunEnding(shell, request, server);
        await ending.TellAbandonedAsync(cancellation);
        var sockets = await sandbox.ReadyAsync();
        var opened = await ending.OpenAsync([SandboxNetwork.Client.ToString(), SandboxNetwork.Client6.ToString()], server.Facts, cancellation);
        var pool = new NamePool();
        await server.ServeSandboxAsync(sockets, pool, cancellation);
        using var refused = new RefusedPorts(sockets.First(s => s.What.Kind == GatewaySocketKind.Beginnings).Descriptor, pool, ports);
        _notes.AddRange(ending.WarmCaches());
        using var cold = request.Cold ? ColdCaches.Make(request.Server.Data, KnownCaches.Find(shell.Variable, !userNamespace)) : null;
        if (await sandbox.BeginAsync(Plan(opened, userNamespace, cold?.Folders ?? [])) is { } notes) _notes.AddRange(notes);
        signals.PassTo(sandbox.Signal);
        var end = await sandbox.EndAsync();
        return await ending.CloseAsync(end, [.. refused.Counts.Select(r => new RefusedInfo(r.Where.Protocol, r.Where.Host, r.Where.Port, r.Count))], _notes, sandboxed: true);
    }

    private InsidePlan Plan(SessionOpened opened, bool userNamespace, IReadOnlyList<FolderOver> folders)
    {
        var emptied = Masks.EmptyFolders(request.Server.Data, shell.Variable);
        var shared = request.SharedSockets.Select(Masks.Real).ToHashSet(StringComparer.Ordinal);
        var proxies = Masks.SetProxies(shell.Variable);
        if (proxies.Count > 0)
            _notes.Add($"{string.Join(", ", proxies)} {(proxies.Count == 1 ? "is" : "are")} taken away inside: everything goes through Kache. Where Kache itself needs a proxy, name it with --upstream-proxy.");
        return new InsidePlan
        {
            User = Libc.UserId,
            Group = Libc.GroupId,
            HasUserNamespace = userNamespace,
            Ca = opened.Ca,
            Name = $"kache-{opened.Fingerprint["sha256:".Length..][..8]}",
            Mode = opened.Mode,
            Workshop = Masks.Real(request.Server.Data),
            EmptyFolders = emptied,
            Folders = folders,
            DeadSockets = [.. Masks.DeadSockets(shell.Variable).Where(s => !shared.Contains(s) && !emptied.Any(folder => Masks.IsBelow(s, folder)))],
            SharedSockets = [.. shared.Where(s => emptied.Any(folder => Masks.IsBelow(s, folder)))],
            Variables = Masks.TakenVariables.ToDictionary(name => name, _ => (string?)null, StringComparer.Ordinal),
        };
    }

    /// <summary>Root that may make namespaces of every kind; a container's root may not.</summary>
    private static bool IsRealRoot()
    {
        if (Libc.UserId != 0) return false;
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("CapEff:", StringComparison.Ordinal));
        return (Convert.ToUInt64(line["CapEff:".Length..].Trim(), 16) >> AdministerSystem & 1) == 1;
    }

    /// <summary>This program, as it is started again inside.</summary>
    private static IReadOnlyList<string> Program()
    {
        var program = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Path.Combine(AppContext.BaseDirectory, "kache.dll")] : [program];
    }
}
