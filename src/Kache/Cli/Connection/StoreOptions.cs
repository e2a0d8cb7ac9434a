using System.CommandLine;
using Kache.Api;
using Kache.Cli.Settings;
using Kache.Server;
using Kache.Store;

namespace Kache.Cli.Connection;

/// <summary>
/// Which store a command means: <c>--server</c>, else KACHE_SERVER, else the login, else the server that runs on the data
/// folder, else the folder itself. <c>--data</c> on the command line means that folder, whoever one is logged in to.
/// </summary>
internal sealed class StoreOptions
{
    public Option<string?> Server { get; } = new("--server") { HelpName = "URL", Description = "The server to ask; 'kache login' has to know it. Default: KACHE_SERVER, else the login, else the local data folder" };

    public Option<string?> Data { get; } = DataOption();

    public static Option<string?> DataOption() =>
        new("--data") { HelpName = "DIR", Description = $"The data folder. Default: KACHE_DATA, else {Folders.SystemData} for root and ~/.local/share/kache for others" };

    public void AddTo(Command command)
    {
        command.Options.Add(Server);
        command.Options.Add(Data);
    }

    public StoreChoice Choose(ParseResult parsed, Shell shell) =>
        StoreChoice.Of(parsed.GetValue(Server), parsed.GetValue(Data), LayeredSettings.Load(shell.Variable, null), shell.Variable);

    /// <summary>Opens the store that is meant, says on stderr which it is, and does the work with it.</summary>
    /// <param name="reference">What the command names, so that an unknown one can be looked for in other local stores.</param>
    public async Task<int> UseAsync(
        ParseResult parsed, Shell shell, CancellationToken cancellation, Func<IKacheApi, Task<int>> work, Func<ParseResult, string>? reference = null)
    {
        var choice = Choose(parsed, shell);
        await using var api = await choice.OpenAsync(shell.Clock, cancellation);
        shell.Say($"[{api.Description}]");
        try
        {
            return await work(api);
        }
        catch (KacheException unknown) when (unknown.Token == "unknown_reference" && reference is not null)
        {
            throw await OtherStores.HintAsync(unknown, reference(parsed), choice.DataFolder, shell, cancellation);
        }
    }
}
