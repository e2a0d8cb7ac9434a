using System.Text.Json;
using System.Text.Json.Serialization;
using Kache.Api;

namespace Kache.Cli.Running;

/// <summary>A connection that nobody took: to a port that is not served.</summary>
internal sealed record RefusedInfo(string Protocol, string Host, int Port, long Count);

/// <summary>What <c>--report</c> writes. Field names are a contract (docs/cli.md).</summary>
/// <param name="ExitCode">What <c>kache run</c> ends with.</param>
/// <param name="CommandExitCode">The command's own; null when it did not start.</param>
/// <param name="Session">As <c>session close --json</c> has it.</param>
/// <param name="Refused">Connections to ports that are not served.</param>
/// <param name="Notes">What was not as it should be, in sentences.</param>
internal sealed record RunReport(
    int ExitCode, int? CommandExitCode, bool Sandboxed, SessionClosed? Session, IReadOnlyList<RefusedInfo> Refused, IReadOnlyList<string> Notes)
{
    public void WriteTo(string file)
    {
        var fresh = $"{file}.{Environment.ProcessId}.new";
        File.WriteAllBytes(fresh, [.. JsonSerializer.SerializeToUtf8Bytes(this, RunJson.Default.RunReport), (byte)'\n']);
        File.Move(fresh, file, overwrite: true);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(RunReport))]
internal sealed partial class RunJson : JsonSerializerContext;
