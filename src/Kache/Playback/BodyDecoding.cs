using System.IO.Compression;
using System.IO.Pipelines;
using Kache.Store;

namespace Kache.Playback;

/// <summary>Undoes content codings while a stored body streams to the client. Memory stays at a few buffers.</summary>
internal static class BodyDecoding
{
    private const int BufferSize = 32 * 1024;

    /// <param name="codings">In the order in which they were applied.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="InvalidDataException">The body is not what its Content-Encoding says.</exception>
    public static async Task<long> CopyAsync(BodyReader body, IReadOnlyList<string> codings, PipeWriter destination, CancellationToken cancellation)
    {
        // Nothing is encoded as nothing.
        if (body.Length == 0) return 0;
        var pipe = new Pipe();
        var reading = FillAsync(body, pipe.Writer, cancellation);
        try
        {
            await using var decoded = await DecodedAsync(pipe.Reader, codings, cancellation);
            return await DrainAsync(decoded, destination, cancellation);
        }
        finally
        {
            await pipe.Reader.CompleteAsync();
            await reading;
        }
    }

    private static async Task FillAsync(BodyReader body, PipeWriter writer, CancellationToken cancellation)
    {
        try
        {
            await body.CopyRangeAsync(writer, 0, body.Length, cancellation);
            await writer.CompleteAsync();
        }
        catch (Exception e)
        {
            // The reading side sees it, and whoever awaits this.
            await writer.CompleteAsync(e);
            throw;
        }
    }

    private static async ValueTask<Stream> DecodedAsync(PipeReader encoded, IReadOnlyList<string> codings, CancellationToken cancellation)
    {
        var raw = codings[^1] == "deflate" && await IsRawDeflateAsync(encoded, cancellation);
        var stream = encoded.AsStream(leaveOpen: true);
        for (var i = codings.Count - 1; i >= 0; i--)
        {
            stream = codings[i] switch
            {
                "gzip" => new GZipStream(stream, CompressionMode.Decompress),
                "br" => new BrotliStream(stream, CompressionMode.Decompress),
                "zstd" => new ZstdSharp.DecompressionStream(stream),
                "deflate" when raw && i == codings.Count - 1 => new DeflateStream(stream, CompressionMode.Decompress),
                "deflate" => new ZLibStream(stream, CompressionMode.Decompress),
                var other => throw new ArgumentException($"'{other}' cannot be undone", nameof(codings)),
            };
        }
        return stream;
    }

    // RFC 9110 §8.4.1.2: "deflate" is zlib, but some send it without the zlib wrapper.
    private static async ValueTask<bool> IsRawDeflateAsync(PipeReader encoded, CancellationToken cancellation)
    {
        var start = await encoded.ReadAtLeastAsync(2, cancellation);
        var head = new byte[2];
        var long_enough = start.Buffer.Length >= 2;
        if (long_enough)
        {
            var (at, span) = (0, head.AsMemory());
            foreach (var segment in start.Buffer.Slice(0, 2))
            {
                segment.CopyTo(span[at..]);
                at += segment.Length;
            }
        }
        encoded.AdvanceTo(start.Buffer.Start);
        return long_enough && ((head[0] & 0x0f) != 8 || (head[0] << 8 | head[1]) % 31 != 0);
    }

    private static async Task<long> DrainAsync(Stream decoded, PipeWriter destination, CancellationToken cancellation)
    {
        var total = 0L;
        while (true)
        {
            var memory = destination.GetMemory(BufferSize);
            var read = await ReadAsync(decoded, memory, cancellation);
            if (read == 0) return total;
            destination.Advance(read);
            total += read;
            if ((await destination.FlushAsync(cancellation)).IsCompleted) return total;
        }
    }

    private static async ValueTask<int> ReadAsync(Stream decoded, Memory<byte> memory, CancellationToken cancellation)
    {
        try
        {
            return await decoded.ReadAsync(memory, cancellation);
        }
        // What zstd and brotli say where gzip and deflate say that the data is invalid.
        catch (Exception e) when (e is ZstdSharp.ZstdException or InvalidOperationException)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }
}
