using System.Buffers;
using System.Globalization;
using System.Text;

namespace Kache.Exchanges;

/// <summary>
/// HTTP/1.1's chunked transfer coding (RFC 9112 §7.1), written here and not by Kestrel, which has no trailers over
/// HTTP/1.1 and ends every chunked body cleanly. It does neither once Transfer-Encoding was set for it. Pure.
/// </summary>
internal static class ChunkedCoding
{
    // Eight hexadecimal digits, CR and LF.
    private const int LongestHead = 10;

    public static void WriteChunk(IBufferWriter<byte> destination, ReadOnlySpan<byte> bytes)
    {
        // An empty chunk would be the last one.
        if (bytes.IsEmpty) return;
        Span<byte> head = stackalloc byte[LongestHead];
        bytes.Length.TryFormat(head, out var digits, "x", CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(head[digits..]);
        destination.Write(head[..(digits + 2)]);
        destination.Write(bytes);
        destination.Write("\r\n"u8);
    }

    /// <summary>The last chunk and what follows it: the body is whole.</summary>
    public static void WriteEnd(IBufferWriter<byte> destination, Fields trailers)
    {
        var end = new StringBuilder("0\r\n");
        foreach (var (name, value) in trailers) end.Append(name).Append(": ").Append(FieldValue.Sendable(value)).Append("\r\n");
        destination.Write(Encoding.Latin1.GetBytes(end.Append("\r\n").ToString()));
    }
}
