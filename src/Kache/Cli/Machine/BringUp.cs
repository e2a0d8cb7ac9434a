using System.Diagnostics;
using System.Globalization;
using System.Net;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Settings;
using Kache.Host;
using Kache.Server;

namespace Kache.Cli.Machine;

/// <param name="Resolvers">What this machine asks now, before anything is changed.</param>
/// <param name="Roots">Files of roots that serve upstream too.</param>
/// <param name="Ports">Beside 80 and 443.</param>
internal sealed record BringUpWish(string Data, IReadOnlyList<IPAddress> Resolvers, IReadOnlyList<string> Roots, IReadOnlyList<int> Ports);

/// <summary>A server that start brought up: its API, and its process.</summary>
internal sealed record BroughtUpServer(IKacheApi Api, ServerProcess Process);

/// <summary>Starts 'serve' beside this command: on loopback only, without a TCP API, not as root, gone with its last session.</summary>
internal sealed class BringUp(Shell shell)
{
    // A first start makes the data folder and a CA; a minute is for a machine that is very busy.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    private const int MostWords = 4000;

    public async Task<BroughtUpServer> ForSessionsAsync(BringUpWish wish, ICollection<string> notes, CancellationToken cancellation)
    {
        var choice = LoopbackChoice.Find([80, 443, .. wish.Ports]);
        if (choice.ProxyPort == 0) notes.Add("Port 3128 is taken, so the local server has no explicit proxy.");
        var settings = LayeredSettings.Load(shell.Variable, null);
        var arguments = Common(wish.Data, notes);
        arguments.AddRange(["--listen", choice.Address.ToString(), "--advertise", choice.Address.ToString(), "--dns-port", "53", "--http-port", "80", "--https-port", "443"]);
        arguments.AddRange(["--proxy-port", choice.ProxyPort.ToString(CultureInfo.InvariantCulture)]);
        foreach (var port in wish.Ports.Except([80, 443])) arguments.AddRange(["--port", port.ToString(CultureInfo.InvariantCulture)]);
        if (settings.Find("upstream-dns") is null)
            foreach (var resolver in wish.Resolvers) arguments.AddRange(["--upstream-dns", new IPEndPoint(resolver, 53).ToString()]);
        foreach (var roots in (settings.Find("upstream-ca")?.Words ?? []).Concat(wish.Roots).Distinct(StringComparer.Ordinal)) arguments.AddRange(["--upstream-ca", roots]);
        return await RunAsync(wish.Data, arguments, cancellation);
    }

    /// <summary>Without any port: for a session whose server is gone, to be ended.</summary>
    public Task<BroughtUpServer> ForEndingAsync(string data, ICollection<string> notes, CancellationToken cancellation)
    {
        var arguments = Common(data, notes);
        foreach (var port in new[] { "--dns-port", "--http-port", "--https-port", "--proxy-port" }) arguments.AddRange([port, "0"]);
        return RunAsync(data, arguments, cancellation);
    }

    private static List<string> Common(string data, ICollection<string> notes)
    {
        var program = Environment.ProcessPath!;
        var arguments = new List<string>();
        // Run by 'dotnet kache.dll' rather than as a program.
        if (Path.GetFileNameWithoutExtension(program) == "dotnet") arguments.Add(Path.Combine(AppContext.BaseDirectory, "kache.dll"));
        var user = DataOwner.Prepare(data, arguments.Count > 0 ? arguments[0] : program, notes);
        arguments.AddRange(["serve", "--data", data, "--api-port", "0", "--brought-up-log", DataFolder.Log(data)]);
        if (user is { } other) arguments.AddRange(["--brought-up-user", other.ToString()]);
        return arguments;
    }

    private async Task<BroughtUpServer> RunAsync(string data, List<string> arguments, CancellationToken cancellation)
    {
        var log = DataFolder.Log(data);
        var logged = File.Exists(log) ? new FileInfo(log).Length : 0;
        using var server = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments)
        {
            UseShellExecute = false,
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            // Ends when the server has bound its ports and turns to its log, or has failed.
            var talk = server.StandardError.ReadToEndAsync(cancellation);
            var api = await ReadyAsync(server, data, async () => Words(await talk, log, logged), cancellation);
            return new BroughtUpServer(api, new ServerProcess(server.Id, Host.Machine.Began(server.Id) ?? ""));
        }
        catch
        {
            // Ours, seconds old, with no session.
            server.Kill();
            throw;
        }
    }

    private async Task<IKacheApi> ReadyAsync(Process server, string data, Func<Task<string>> talk, CancellationToken cancellation)
    {
        var choice = new StoreChoice(null, data);
        var began = shell.Clock.GetTimestamp();
        while (true)
        {
            if (server.HasExited) throw new KacheException("server_failed", $"The local server on {data} did not start. {await talk()}");
            if (await choice.OpenRunningAsync(cancellation) is { } api) return api;
            if (shell.Clock.GetElapsedTime(began) > Patience)
                throw new KacheException("server_failed", $"The local server on {data} was not ready within {Patience.TotalSeconds:0} seconds; {DataFolder.Log(data)} may say why.");
            await Task.Delay(Glance, shell.Clock, cancellation);
        }
    }

    private static string Words(string talk, string log, long from)
    {
        if (File.Exists(log))
        {
            using var stream = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            stream.Seek(Math.Max(from, stream.Length - MostWords), SeekOrigin.Begin);
            using var reader = new StreamReader(stream);
            talk += reader.ReadToEnd();
        }
        return talk.Replace("kache: ", "", StringComparison.Ordinal).Trim();
    }
}
