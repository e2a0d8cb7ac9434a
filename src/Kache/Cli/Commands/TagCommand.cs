using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Output;

namespace Kache.Cli.Commands;

internal static class TagCommand
{
    public static Command Create(Shell shell)
    {
        var reference = SharedOptions.Reference();
        var name = new Argument<string>("new") { HelpName = "NEW", Description = "The tag to make or move" };
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("tag", "Make a tag, or move one, to a recording") { reference, name, json };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var tag = await api.TagAsync(parsed.GetRequiredValue(reference), parsed.GetRequiredValue(name), cancellation);
            if (parsed.GetValue(json)) shell.WriteJson(tag, ApiJson.Default.TagInfo);
            else shell.Out.WriteLine($"{tag.Tag} {tag.Digest}");
            return ExitCode.Done;
        }, p => p.GetRequiredValue(reference)));
        return command;
    }
}

internal static class RmCommand
{
    public static Command Create(Shell shell)
    {
        var reference = SharedOptions.Reference();
        var store = new StoreOptions();
        var command = new Command("rm", "Remove a tag; or, by digest, a recording that no tag points to") { reference };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var named = parsed.GetRequiredValue(reference);
            await api.RemoveAsync(named, cancellation);
            shell.Say($"Removed {named}.");
            return ExitCode.Done;
        }, p => p.GetRequiredValue(reference)));
        return command;
    }
}
