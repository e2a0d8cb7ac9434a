using System.Text.Json;
using Kache.EndToEnd.Machines;

namespace Kache.EndToEnd.Serving;

/// <summary>How a session ended, as <c>stop --json</c> and <c>session close --json</c> tell.</summary>
internal sealed record EndedSession(JsonElement Json, CommandResult Command)
{
    public long Requests => Json.GetProperty("requests").GetInt64();

    public long Bytes => Json.GetProperty("bytes").GetInt64();

    public string? Digest => Json.GetProperty("digest").GetString();

    public IReadOnlyList<(string Kind, string Where, string Detail)> Gaps =>
        [.. Json.GetProperty("gaps").EnumerateArray().Select(g => (g.GetProperty("kind").GetString()!, g.GetProperty("where").GetString()!, g.GetProperty("detail").GetString()!))];

    public IReadOnlyList<(string Method, string Url)> Misses =>
        [.. Json.GetProperty("misses").EnumerateArray().Select(m => (m.GetProperty("method").GetString()!, m.GetProperty("url").GetString()!))];
}
