using System.CommandLine;
using System.Reflection;
using System.Text.Json.Serialization;
using Kache.Cli.Output;

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

/// <summary>The version that the build put into the program, with the commit where it is known.</summary>
internal static class ProgramVersion
{
    public static string Text { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
