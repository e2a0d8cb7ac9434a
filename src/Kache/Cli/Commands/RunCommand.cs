using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Running;
using Kache.Cli.Settings;
using Kache.Host;
using Kache.Sandbox;

namespace Kache.Cli.Commands;

internal static class RunCommand
{
    public const string Name = "run";

    public static Command Create(Shell shell)
    {
        var wish = new SessionWish();
        var store = new StoreOptions();
        var words = new RunWords();
        var command = new Command(Name, "Run a command with everything that it downloads recorded or played back: no root, nothing changed on this machine, no way around");
        wish.AddTo(command);
        store.AddTo(command);
        words.AddTo(command);
        command.SetAction(async (parsed, _) =>
        {
            using var early = new CancellationTokenSource();
            using var signals = new CommandSignals(early);
            try
            {
                return await RunAsync(parsed, shell, wish, store, words, signals, early.Token);
            }
            catch (OperationCanceledException) when (early.IsCancellationRequested)
            {
                shell.Fail("Interrupted before the command began.");
                return RunExitCode.KacheFailed;
            }
            catch (SandboxUnavailableException unavailable)
            {
                shell.Fail(Explain(unavailable, shell));
                return RunExitCode.KacheFailed;
            }
            catch (Exception failure) when (failure is KacheException or HostException or IOException or UnauthorizedAccessException)
            {
                shell.Fail(failure.Message);
                return RunExitCode.KacheFailed;
            }
        });
        return command;
    }

    private static string Explain(SandboxUnavailableException unavailable, Shell shell)
    {
        var hasUnshare = CommandSearch.Find("unshare", shell.Variable("PATH")) == CommandSearch.Result.Found;
        var switches = NamespaceAdvice.OfThisMachine.Switches(Environment.ProcessPath!, hasUnshare);
        return string.Join('\n', switches.Prepend($"This machine does not give the namespaces that a sandbox is made of: {unavailable.Message}.")
            .Append("Or run it without: 'kache run --no-sandbox' leads the command by proxy variables, and cannot vouch for what goes around them."));
    }

    private static async Task<int> RunAsync(
        ParseResult parsed, Shell shell, SessionWish wish, StoreOptions store, RunWords words, CommandSignals signals, CancellationToken cancellation)
    {
        var choice = store.Choose(parsed, shell);
        if (choice.Login is { } login)
            throw new KacheException("invalid", $"'kache run' with a server elsewhere ({login.Url}) is not there yet. Add --data DIR to record here and now; or use 'kache session open' and its variables.");
        var request = words.Read(parsed, shell, wish, choice.DataFolder!);
        try
        {
            return request.NoSandbox
                ? await new ProxiedRun(shell, request).RunAsync(signals, cancellation)
                : await new SandboxedRun(shell, request).RunAsync(signals, cancellation);
        }
        catch (KacheException unknown) when (unknown.Token == "unknown_reference")
        {
            throw await OtherStores.HintAsync(unknown, wish.TagOf(parsed), choice.DataFolder, shell, cancellation);
        }
    }
}

/// <summary>The options of <c>run</c> that are its own; those of upstream are settings too.</summary>
internal sealed class RunWords
{
    private readonly Argument<string[]> _command = new("command") { HelpName = "COMMAND", Description = "The command and its arguments, after '--'", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string?> _report = new("--report") { HelpName = "FILE", Description = "Write how it went to this file, as JSON" };
    private readonly Option<bool> _tagAnyway = new("--tag-anyway") { Description = "Move the tag although the command failed" };
    private readonly Option<bool> _cold = new("--cold") { Description = "Give package managers empty caches, so that the recording is complete however warm the machine's are" };
    private readonly Option<bool> _noSandbox = new("--no-sandbox") { Description = "Lead the command by proxy variables only, where namespaces are not to be had: what ignores them goes around" };
    private readonly Option<string[]> _share = new("--share-socket") { HelpName = "PATH", Description = "Let the command use this socket although it may lead around the recording (an ssh agent). May be repeated" };
    private readonly Option<string[]> _resolvers = new("--upstream-dns") { HelpName = "IP[:PORT]", Description = "Ask this resolver while recording. Default: the machine's own. May be repeated" };
    private readonly Option<string[]> _roots = new("--upstream-ca") { HelpName = "FILE", Description = "Trust these roots (PEM) of origins, beside the system's. May be repeated" };
    private readonly Option<string?> _proxy = new("--upstream-proxy") { HelpName = "URL", Description = "Reach origins through this HTTP proxy" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _cold, _tagAnyway, _report, _share, _noSandbox, _resolvers, _roots, _proxy }) command.Options.Add(option);
        command.Arguments.Add(_command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_cold) && result.GetValue(_noSandbox)) result.AddError("--cold lays empty folders over caches, and there is nowhere to lay them with --no-sandbox.");
        });
    }

    public RunRequest Read(ParseResult parsed, Shell shell, SessionWish wish, string data)
    {
        var settings = LayeredSettings.Load(shell.Variable, null);
        settings.AddOption("data", [data]);
        settings.AddOption("upstream-dns", parsed.GetValue(_resolvers));
        settings.AddOption("upstream-ca", parsed.GetValue(_roots));
        if (parsed.GetValue(_proxy) is { } proxy) settings.AddOption("upstream-proxy", [proxy]);
        var server = new ServeSettings(settings, shell.Variable).Read(out var mistakes);
        if (mistakes.Count > 0) throw new KacheException("invalid", string.Join('\n', mistakes));
        foreach (var socket in parsed.GetValue(_share) ?? [])
            if (!File.Exists(socket)) throw new KacheException("invalid", $"--share-socket {socket}: there is no such socket.");
        var named = new TrustStores(new HostPaths(), shell.Variable).NamedFiles();
        return new RunRequest(
            wish.Read(parsed, []),
            server with { PlaybackOnly = wish.ModeOf(parsed) == "playback", UpstreamCa = [.. server.UpstreamCa.Concat(named).Distinct(StringComparer.Ordinal)] },
            parsed.GetRequiredValue(_command))
        {
            Ports = wish.PortsOf(parsed),
            SharedSockets = [.. (parsed.GetValue(_share) ?? []).Select(Path.GetFullPath)],
            Report = parsed.GetValue(_report) is { } file ? Path.GetFullPath(file) : null,
            TagAnyway = parsed.GetValue(_tagAnyway),
            NoSandbox = parsed.GetValue(_noSandbox),
            Cold = parsed.GetValue(_cold),
        };
    }
}
