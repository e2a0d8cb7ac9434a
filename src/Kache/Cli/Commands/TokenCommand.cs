using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Output;

namespace Kache.Cli.Commands;

internal static class TokenCommand
{
    public static Command Create(Shell shell) =>
        new("token", "Tokens with which other machines use this server") { Make(shell), List(shell), Revoke(shell) };

    private static Command Make(Shell shell)
    {
        var name = Name();
        var allow = new Option<string[]>("--allow")
        {
            HelpName = "WHAT",
            Description = "record:PATTERN, playback:PATTERN (of tags, such as 'team/*') or admin; may be repeated",
            Required = true,
        };
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("create", "Make a token; it is printed once, alone on stdout") { name, allow, json };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var created = await api.CreateTokenAsync(new CreateToken(parsed.GetRequiredValue(name), parsed.GetRequiredValue(allow)), cancellation);
            if (parsed.GetValue(json)) shell.WriteJson(created, ApiJson.Default.TokenCreated);
            else shell.Out.WriteLine(created.Token);
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command List(Shell shell)
    {
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("ls", "List tokens by name; the tokens themselves are not kept") { json };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var tokens = await api.TokensAsync(cancellation);
            if (parsed.GetValue(json))
            {
                shell.WriteJson(tokens, ApiJson.Default.IReadOnlyListTokenInfo);
                return ExitCode.Done;
            }
            var table = new Table("NAME", "CREATED", "ALLOW");
            foreach (var token in tokens) table.Add(token.Name, Words.Time(token.CreatedAt), string.Join(' ', token.Allow));
            table.Write(shell.Out);
            return ExitCode.Done;
        }));
        return command;
    }

    private static Command Revoke(Shell shell)
    {
        var name = Name();
        var store = new StoreOptions();
        var command = new Command("revoke", "Make a token worthless; its sessions go on until they are closed") { name };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            await api.RevokeTokenAsync(parsed.GetRequiredValue(name), cancellation);
            shell.Say($"Revoked {parsed.GetRequiredValue(name)}.");
            return ExitCode.Done;
        }));
        return command;
    }

    private static Argument<string> Name() => new("name") { HelpName = "NAME", Description = "The token's name" };
}
