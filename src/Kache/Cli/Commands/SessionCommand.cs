using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Output;

namespace Kache.Cli.Commands;

internal static class SessionCommand
{
    public static Command Create(Shell shell) =>
        new("session", "Sessions that touch no host: for clients that use the explicit proxy, or are known by address") { Open(shell), List(shell), Close(shell), Rewind(shell) };

    private static Command Open(Shell shell)
    {
        var wish = new SessionWish();
        var client = new Option<string[]>("--client") { HelpName = "ADDR", Description = "Bind a client by its source address ('self': this one); without it, the explicit proxy only. May be repeated" };
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("open", "Open a session and print its proxy URL and variables, ready for eval") { client, json };
        wish.AddTo(command);
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var opened = await api.OpenSessionAsync(wish.Read(parsed, parsed.GetValue(client) ?? []), cancellation);
            if (parsed.GetValue(json)) shell.WriteJson(opened, ApiJson.Default.SessionOpened);
            else await SessionVariables.WriteAsync(shell, opened, cancellation);
            return ExitCode.Done;
        }, wish.TagOf));
        return command;
    }

    private static Command List(Shell shell)
    {
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("ls", "List running sessions: all for an administrator, else one's own") { json };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var sessions = await api.SessionsAsync(cancellation);
            if (parsed.GetValue(json)) shell.WriteJson(sessions, ApiJson.Default.IReadOnlyListSessionInfo);
            else SessionTable.Write(shell.Out, sessions);
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command Close(Shell shell)
    {
        var id = SharedOptions.SessionId();
        var wait = new WaitOptions();
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("close", "End a session as 'stop' does, with the same exit codes") { id, json };
        wait.AddTo(command);
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var closed = await WaitOptions.CloseAsync(api, parsed.GetRequiredValue(id), wait.Read(parsed), shell, cancellation);
            return EndReport.Write(shell, closed, parsed.GetValue(json));
        }));
        return command;
    }

    private static Command Rewind(Shell shell)
    {
        var id = SharedOptions.SessionId();
        var store = new StoreOptions();
        var command = new Command("rewind", "Begin again with the first answer of every sequence, for a second build in the same playback session") { id };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            await api.RewindSessionAsync(parsed.GetRequiredValue(id), cancellation);
            return ExitCode.Done;
        }));
        return command;
    }
}
