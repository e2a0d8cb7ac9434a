using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;

namespace Kache.Store.Journals;

/// <summary>What an entry of a journal is. The numbers are on disk.</summary>
internal enum JournalEntryKind : byte
{
    /// <summary>An ordinal and the encoded exchange.</summary>
    Exchange = 1,

    Lookup = 2,

    Gap = 3,

    /// <summary>The ordinal of an exchange whose body did not survive.</summary>
    Withdrawn = 4,

    /// <summary>Stands where entries were damaged: when that was found, and zeros.</summary>
    Lost = 5,
}

/// <summary>The bytes around an entry of a journal (docs/store-format.md, "Journals"). Sums have the journal's own secret seed.</summary>
internal static class JournalFrame
{
    public const int FileHeadSize = 32;
    public const int HeadSize = 20;

    /// <summary>Nothing that is appended comes near: fields are bounded by the limits of the proxy.</summary>
    public const int LongestPayload = 64 * 1024 * 1024;

    public static ReadOnlySpan<byte> Magic => [0xE5, (byte)'k', (byte)'j', (byte)'e'];

    private static ReadOnlySpan<byte> FileMagic => "kache journal 1\n"u8;

    public static void WriteFileHead(Span<byte> head, out long seed)
    {
        head[..FileHeadSize].Clear();
        FileMagic.CopyTo(head);
        RandomNumberGenerator.Fill(head.Slice(16, 8));
        seed = BinaryPrimitives.ReadInt64LittleEndian(head[16..]);
        BinaryPrimitives.WriteUInt64LittleEndian(head[24..], XxHash3.HashToUInt64(head[..24]));
    }

    public static bool TryReadFileHead(ReadOnlySpan<byte> head, out long seed)
    {
        seed = 0;
        if (head.Length < FileHeadSize || !head.StartsWith(FileMagic)) return false;
        if (BinaryPrimitives.ReadUInt64LittleEndian(head[24..]) != XxHash3.HashToUInt64(head[..24])) return false;
        seed = BinaryPrimitives.ReadInt64LittleEndian(head[16..]);
        return true;
    }

    /// <param name="frame">Room for a head, then the payload.</param>
    public static void WriteHead(Span<byte> frame, JournalEntryKind kind, long seed)
    {
        Magic.CopyTo(frame);
        BinaryPrimitives.WriteInt32LittleEndian(frame[4..], frame.Length - HeadSize);
        frame[8..12].Clear();
        frame[8] = (byte)kind;
        BinaryPrimitives.WriteUInt64LittleEndian(frame[12..], Sum(frame, seed));
    }

    /// <returns>False when no frame begins here; its payload is not looked at.</returns>
    public static bool TryReadHead(ReadOnlySpan<byte> head, out JournalEntryKind kind, out int length)
    {
        (kind, length) = (default, 0);
        if (head.Length < HeadSize || !head.StartsWith(Magic)) return false;
        length = BinaryPrimitives.ReadInt32LittleEndian(head[4..]);
        kind = (JournalEntryKind)head[8];
        return length is >= 0 and <= LongestPayload;
    }

    public static bool IsSound(ReadOnlySpan<byte> frame, long seed) => BinaryPrimitives.ReadUInt64LittleEndian(frame[12..]) == Sum(frame, seed);

    private static ulong Sum(ReadOnlySpan<byte> frame, long seed)
    {
        var hash = new XxHash3(seed);
        hash.Append(frame[..12]);
        hash.Append(frame[HeadSize..]);
        return hash.GetCurrentHashAsUInt64();
    }
}
