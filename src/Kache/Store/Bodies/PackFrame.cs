using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using Kache.Exchanges;

namespace Kache.Store.Bodies;

/// <summary>
/// The bytes around a body in a pack (docs/store-format.md, "Packs"). A frame says all about its body, so that a pack can
/// be read without anything else. The sum of its head has the pack's own secret seed: a recorded body that looks like
/// frames is none.
/// </summary>
internal static class PackFrame
{
    public const int HeadSize = 64;

    /// <summary>Frames begin at multiples of this, so that a scan finds the next one behind a hole.</summary>
    public const int Alignment = 64;

    /// <summary>A packed body has one sum: it is one MiB at most.</summary>
    public const int LongestBody = BodySums.ChunkSize;

    private static ReadOnlySpan<byte> PackMagic => "kache pack 1\n\0\0\0"u8;

    private static ReadOnlySpan<byte> FrameMagic => "kacheBD\n"u8;

    public static void WritePackHead(Span<byte> head, out long seed)
    {
        head[..HeadSize].Clear();
        PackMagic.CopyTo(head);
        RandomNumberGenerator.Fill(head.Slice(PackMagic.Length, 8));
        seed = BinaryPrimitives.ReadInt64LittleEndian(head[PackMagic.Length..]);
    }

    /// <returns>False when it is not the head of a pack.</returns>
    public static bool TryReadPackHead(ReadOnlySpan<byte> head, out long seed)
    {
        seed = 0;
        if (head.Length < HeadSize || !head.StartsWith(PackMagic)) return false;
        seed = BinaryPrimitives.ReadInt64LittleEndian(head[PackMagic.Length..]);
        return true;
    }

    /// <returns>The body's sum.</returns>
    public static ulong WriteHead(Span<byte> head, in Digest digest, ReadOnlySpan<byte> body, long seed)
    {
        var sum = XxHash3.HashToUInt64(body);
        WriteHead(head, digest, body.Length, sum, seed);
        return sum;
    }

    public static void WriteHead(Span<byte> head, in Digest digest, int length, ulong sum, long seed)
    {
        FrameMagic.CopyTo(head);
        BinaryPrimitives.WriteInt64LittleEndian(head[8..], length);
        digest.CopyTo(head[16..]);
        BinaryPrimitives.WriteUInt64LittleEndian(head[48..], sum);
        BinaryPrimitives.WriteUInt64LittleEndian(head[56..], XxHash3.HashToUInt64(head[..56], seed));
    }

    /// <returns>False when no frame of this pack begins here.</returns>
    public static bool TryReadHead(ReadOnlySpan<byte> head, long seed, out Digest digest, out int length, out ulong sum)
    {
        (digest, length, sum) = (default, 0, 0);
        if (head.Length < HeadSize || !head.StartsWith(FrameMagic)) return false;
        if (BinaryPrimitives.ReadUInt64LittleEndian(head[56..]) != XxHash3.HashToUInt64(head[..56], seed)) return false;
        var size = BinaryPrimitives.ReadInt64LittleEndian(head[8..]);
        if (size is <= 0 or > LongestBody) return false;
        digest = new Digest(head.Slice(16, Digest.Size));
        length = (int)size;
        sum = BinaryPrimitives.ReadUInt64LittleEndian(head[48..]);
        return true;
    }

    public static long Aligned(long offset) => (offset + Alignment - 1) / Alignment * Alignment;
}
