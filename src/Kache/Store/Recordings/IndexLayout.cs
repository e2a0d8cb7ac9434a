using System.Runtime.InteropServices;

namespace Kache.Store.Recordings;

/// <summary>
/// The file of a recording's index, as it is mapped: a head, then arrays of the structures below, little-endian
/// (docs/store-format.md, "Derived"). Derived: another layout gets another magic, and older files are made again.
/// </summary>
internal static class IndexLayout
{
    public const int HeadSize = 128;

    /// <summary>Where the sum of all other bytes is.</summary>
    public const int SumOffset = 120;

    public static ReadOnlySpan<byte> Magic => "kacheIX2"u8;
}

[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct IndexCounts
{
    public int Exchanges;
    public int Bodies;
    public int Packs;
    public int Hosts;
    public int Gaps;
    public int TextLength;

    /// <summary><see cref="Exchanges.ExchangeKey.Rules"/> by which the keys were made.</summary>
    public int KeyRules;
    public int Unused;
    public long Bytes;
    public long FileLength;
}

/// <param name="Segment">Which of the manifest's segments of exchanges.</param>
/// <param name="Offset">Of the record's first byte in it.</param>
/// <param name="Sum">XXH3 of the record.</param>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal readonly record struct IndexedExchange(int Segment, int Offset, int Length, int Unused, ulong Sum);

/// <summary>Sorted by hash, then by ordinal.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal readonly record struct IndexedKey(ulong Hash, int Ordinal, int Unused) : IComparable<IndexedKey>
{
    public int CompareTo(IndexedKey other) => Hash != other.Hash ? Hash.CompareTo(other.Hash) : Ordinal.CompareTo(other.Ordinal);
}

/// <summary>Sorted by digest.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal readonly record struct IndexedBody(DigestBytes Digest, int Pack, int Length, long Offset, ulong Sum)
{
    /// <summary>In place of a pack's number: the body is a blob.</summary>
    public const int Blob = -1;

    /// <summary>In place of a pack's number: the store did not hold the body when the index was made.</summary>
    public const int Absent = -2;
}

/// <summary>A digest as its 32 bytes.</summary>
[System.Runtime.CompilerServices.InlineArray(Exchanges.Digest.Size)]
internal struct DigestBytes
{
    private byte _first;

    public static DigestBytes Of(in Exchanges.Digest digest)
    {
        var bytes = default(DigestBytes);
        digest.CopyTo(bytes);
        return bytes;
    }
}
