using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Output;

namespace Kache.Cli.Commands;

internal static class LsCommand
{
    public static Command Create(Shell shell)
    {
        var store = new StoreOptions();
        var json = SharedOptions.Json();
        var command = new Command("ls", "List tags and what they point to") { json };
        store.AddTo(command);
        command.SetAction((parsed, cancellation) => store.UseAsync(parsed, shell, cancellation, async api =>
        {
            var tags = await api.TagsAsync(cancellation);
            if (parsed.GetValue(json))
            {
                shell.WriteJson(tags, ApiJson.Default.IReadOnlyListTagInfo);
                return ExitCode.Done;
            }
            var table = new Table("TAG", "DIGEST", "REQUESTS", "BYTES", "HOSTS", "GAPS", "MOVED").Numbers(2, 3, 4, 5);
            foreach (var tag in tags)
                table.Add(tag.Tag, Words.Short(tag.Digest), $"{tag.Requests}", Words.Bytes(tag.Bytes), $"{tag.Hosts}", $"{tag.Gaps}", Words.Time(tag.MovedAt));
            table.Write(shell.Out);
            return ExitCode.Done;
        }));
        return command;
    }
}
