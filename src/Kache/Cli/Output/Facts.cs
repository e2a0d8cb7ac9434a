using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Kache.Cli.Output;

/// <summary>Facts on stdout, as JSON: one document and a line's end.</summary>
internal static class Facts
{
    public static void WriteJson<T>(this Shell shell, T value, JsonTypeInfo<T> type) => shell.Out.WriteLine(JsonSerializer.Serialize(value, type));
}
