using System.CommandLine;
using System.Text.Json.Serialization;
using Kache.Cli.Output;
using Kache.Server;

namespace Kache.Cli.Commands;

internal static class VersionCommand
{
    public static Command Create(Shell shell)
    {
        var json = SharedOptions.Json();
        var command = new Command("version", "Print the version") { json };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(json)) shell.WriteJson(new VersionFact(ProgramVersion.Text), VersionJson.Default.VersionFact);
            else shell.Out.WriteLine(ProgramVersion.Text);
            return ExitCode.Done;
        });
        return command;
    }
}

internal sealed record VersionFact(string Version);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(VersionFact))]
internal sealed partial class VersionJson : JsonSerializerContext;
