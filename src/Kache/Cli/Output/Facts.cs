using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Kache.Cli.Output;

/// <summary>Facts on stdout, as JSON: one document and a line's end.</summary>
internal static class Facts
{
    // Nobody puts this output into HTML, and a plus sign or a letter with an accent is better read as itself.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void WriteJson<T>(this Shell shell, T value, JsonTypeInfo<T> type)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Plain)) JsonSerializer.Serialize(writer, value, type);
        shell.Out.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }
}
