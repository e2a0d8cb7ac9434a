using System.IO.Compression;

namespace Kache.Exchanges.Bodies;

/// <summary>Undoes content codings of a body that is held, up to a size. Pure.</summary>
internal static class ContentDecoding
{
    private const int FirstSize = 16 * 1024;

    // RFC 9659 §3: a window of 8 MiB is all that a decoder has to give for zstd over HTTP.
    private const int LargestZstdWindow = 23;

    /// <param name="codings">In the order in which they were applied.</param>
    /// <param name="limit">Of the decoded size: beyond it a body is a bomb.</param>
    /// <returns>False: it is not what it is called, a coding is not known, or there is too much of it.</returns>
    public static bool TryUndo(IReadOnlyList<string> codings, ReadOnlyMemory<byte> encoded, int limit, out ReadOnlyMemory<byte> decoded)
    {
        decoded = encoded;
        if (!ContentCodings.CanUndo(codings)) return false;
        for (var i = codings.Count - 1; i >= 0; i--)
            if (!TryUndo(codings[i], decoded, limit, out decoded)) return false;
        return true;
    }

    private static bool TryUndo(string coding, ReadOnlyMemory<byte> encoded, int limit, out ReadOnlyMemory<byte> decoded)
    {
        decoded = default;
        try
        {
            using var source = new MemoryStream(encoded.ToArray(), writable: false);
            using var stream = Decoder(coding, source, encoded.Span);
            return TryRead(stream, limit, out decoded);
        }
        // Each decoder has its own way to say that the data is wrong; nothing else can fail in memory.
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or IOException or ZstdSharp.ZstdException)
        {
            return false;
        }
    }

    private static Stream Decoder(string coding, Stream source, ReadOnlySpan<byte> start)
    {
        switch (coding)
        {
            case "gzip": return new GZipStream(source, CompressionMode.Decompress);
            case "br": return new BrotliStream(source, CompressionMode.Decompress);
            case "deflate":
                // RFC 9110 §8.4.1.2: it is zlib, but some send it without the zlib wrapper.
                var wrapped = start.Length >= 2 && (start[0] & 0x0f) == 8 && (start[0] << 8 | start[1]) % 31 == 0;
                return wrapped ? new ZLibStream(source, CompressionMode.Decompress) : new DeflateStream(source, CompressionMode.Decompress);
            default:
                var zstd = new ZstdSharp.DecompressionStream(source);
                zstd.SetParameter(ZstdSharp.Unsafe.ZSTD_dParameter.ZSTD_d_windowLogMax, LargestZstdWindow);
                return zstd;
        }
    }

    private static bool TryRead(Stream stream, int limit, out ReadOnlyMemory<byte> decoded)
    {
        var buffer = new byte[Math.Min(FirstSize, limit)];
        var length = 0;
        decoded = default;
        while (true)
        {
            var read = stream.Read(buffer.AsSpan(length));
            length += read;
            if (read == 0) break;
            if (length < buffer.Length) continue;
            // Full at the limit: one byte more is too many.
            if (length == limit)
            {
                if (stream.ReadByte() >= 0) return false;
                break;
            }
            Array.Resize(ref buffer, (int)Math.Min(limit, buffer.Length * 2L));
        }
        decoded = buffer.AsMemory(0, length);
        return true;
    }
}
