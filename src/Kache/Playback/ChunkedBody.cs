using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Kache.Exchanges;

namespace Kache.Playback;

/// <summary>
/// HTTP/1.1 chunks written here and not by Kestrel (RFC 9112 §7.1): Kestrel has no trailers over HTTP/1.1, and
/// ends every chunked body cleanly. It does neither once Transfer-Encoding was set for it.
/// </summary>
internal static class ChunkedBody
{
    /// <param name="source">Writes the body.</param>
    /// <param name="destination">The response.</param>
    /// <param name="trailers">Null: the body is broken off where it ends, without the last chunk.</param>
    /// <returns>What the source returned.</returns>
    public static async Task<long> CopyAsync(
        Func<PipeWriter, CancellationToken, Task<long>> source, PipeWriter destination, Fields? trailers, CancellationToken cancellation)
    {
        var pipe = new Pipe();
        var filling = FillAsync(source, pipe.Writer, cancellation);
        try
        {
            await FrameAsync(pipe.Reader, destination, cancellation);
        }
        finally
        {
            await pipe.Reader.CompleteAsync();
        }
        var length = await filling;
        if (trailers is not null) End(destination, trailers);
        await destination.FlushAsync(cancellation);
        return length;
    }

    private static async Task<long> FillAsync(Func<PipeWriter, CancellationToken, Task<long>> source, PipeWriter writer, CancellationToken cancellation)
    {
        try
        {
            return await source(writer, cancellation);
        }
        finally
        {
            // Whoever reads sees the end; whoever awaits this sees the failure.
            await writer.CompleteAsync();
        }
    }

    private static async Task FrameAsync(PipeReader body, PipeWriter destination, CancellationToken cancellation)
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellation);
            foreach (var segment in read.Buffer) WriteChunk(destination, segment.Span);
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted || (await destination.FlushAsync(cancellation)).IsCompleted) return;
        }
    }

    private static void WriteChunk(PipeWriter destination, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        Span<byte> head = stackalloc byte[10];
        bytes.Length.TryFormat(head, out var digits, "x", CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(head[digits..]);
        destination.Write(head[..(digits + 2)]);
        destination.Write(bytes);
        destination.Write("\r\n"u8);
    }

    private static void End(PipeWriter destination, Fields trailers)
    {
        var end = new StringBuilder("0\r\n");
        foreach (var (name, value) in trailers) end.Append(name).Append(": ").Append(ResponseHead.Sendable(value)).Append("\r\n");
        destination.Write(Encoding.Latin1.GetBytes(end.Append("\r\n").ToString()));
    }
}
