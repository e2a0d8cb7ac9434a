using System.CommandLine;
using System.CommandLine.Help;
using Kache.Api;
using Kache.Cli.Commands;
using Kache.Cli.Machine;
using Kache.Host;

namespace Kache.Cli;

/// <summary>The words of the command line, and how a command's end becomes an exit code.</summary>
internal static class CommandLine
{
    private const string About = """
        Kache records everything that a build downloads, under a tag, and plays it back later.

          kache start record --tag=example1      this machine now goes through Kache (as root)
          kache stop record
          kache start playback --tag=example1    the same bytes, without the network
          kache stop playback
        """;

    public static RootCommand Tree(Shell shell) => new(About)
    {
        ServeCommand.Create(shell),
        RunCommand.Create(shell),
        StartCommand.Create(shell),
        StopCommand.Create(shell),
        HostUndoCommand.Create(shell),
        SessionCommand.Create(shell),
        StatusCommand.Create(shell),
        LsCommand.Create(shell),
        ShowCommand.Create(shell),
        LogCommand.Create(shell),
        WhyCommand.Create(shell),
        VerifyCommand.Create(shell),
        DiffCommand.Create(shell),
        TagCommand.Create(shell),
        RmCommand.Create(shell),
        LoginCommand.Create(shell),
        LogoutCommand.Create(shell),
        TokenCommand.Create(shell),
        CaCommand.Create(shell),
        VersionCommand.Create(shell),
    };

    public static async Task<int> RunAsync(string[] args, Shell shell)
    {
        var tree = Tree(shell);
        if (args.Length == 0)
        {
            tree.Parse(["--help"]).Invoke(new InvocationConfiguration { Output = shell.Error });
            return ExitCode.WrongUsage;
        }
        var parsed = tree.Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction) return WrongUsage(parsed, shell);

        Leftovers.UndoAfterRestart(parsed, shell);
        using var interrupted = new CancellationTokenSource();
        // While a command of the user's runs, signals are its own.
        using var signals = parsed.CommandResult.Command.Name == RunCommand.Name ? null : Signals.Cancel(interrupted);
        try
        {
            var configuration = new InvocationConfiguration
            {
                Output = shell.Out,
                Error = shell.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(configuration, interrupted.Token);
        }
        catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
        {
            shell.Fail("Interrupted.");
            return ExitCode.Failed;
        }
        catch (KacheException refusal)
        {
            shell.Fail(refusal.Message);
            return ExitCode.Of(refusal.Token);
        }
        catch (HostException failure)
        {
            shell.Fail(failure.Message);
            return ExitCode.Failed;
        }
        catch (UnauthorizedAccessException denied)
        {
            shell.Fail($"{denied.Message} Run it as the user who owns the file, or as root.");
            return ExitCode.NotAllowed;
        }
        catch (IOException failure)
        {
            shell.Fail(failure.Message);
            return ExitCode.Failed;
        }
        catch (Exception unexpected) when (string.IsNullOrEmpty(shell.Variable("KACHE_DEBUG")))
        {
            // The edge of a command: a broken promise of ours, told without a stack trace.
            shell.Fail($"Something unexpected happened ({unexpected.GetType().Name}: {unexpected.Message}). This is a defect of Kache; KACHE_DEBUG=1 shows where.");
            return ExitCode.Failed;
        }
    }

    private static int WrongUsage(ParseResult parsed, Shell shell)
    {
        foreach (var message in parsed.Errors.Select(e => e.Message).Distinct(StringComparer.Ordinal)) shell.Fail(message);
        var words = new List<string>();
        for (System.CommandLine.Parsing.SymbolResult? at = parsed.CommandResult; at is System.CommandLine.Parsing.CommandResult command; at = at.Parent)
            words.Insert(0, command.Command is RootCommand ? "kache" : command.Command.Name);
        shell.Say($"'{string.Join(' ', words)} --help' shows how.");
        return ExitCode.WrongUsage;
    }
}
