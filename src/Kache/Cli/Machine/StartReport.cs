using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kache.Cli.Machine;

/// <summary>What start says when it worked; docs/cli.md has the fields.</summary>
/// <param name="Server">Which server or folder: for people.</param>
/// <param name="Dns">What the machine's resolver asks now.</param>
/// <param name="Notes">What was left out or done another way, in sentences.</param>
internal sealed record StartReport(
    string Id, string Mode, string Tag, string? Digest, string Server, IReadOnlyList<string> Dns, string Fingerprint, IReadOnlyList<string> Notes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StartReport))]
internal sealed partial class StartJson : JsonSerializerContext;
