using System.Buffers.Binary;

namespace Kache.Dns.Messages;

/// <summary>A resource record in a message: what stands before its data, and where the data is.</summary>
/// <param name="TtlAt">Offset of the time to live.</param>
/// <param name="DataAt">Offset of the data.</param>
internal readonly record struct RecordHead(int Type, int Class, uint Ttl, int TtlAt, int DataAt, int DataLength, bool OwnedByRoot)
{
    /// <param name="offset">Where the record begins; afterwards where the next one does.</param>
    public static bool TryRead(ReadOnlySpan<byte> message, ref int offset, out RecordHead record)
    {
        record = default;
        var start = offset;
        // Read, not skipped: a pointer that leads nowhere must not be passed on.
        Span<byte> owner = stackalloc byte[WireName.Longest];
        if (!WireName.TryRead(message, ref offset, owner, out _) || offset + 10 > message.Length) return false;
        var fixedPart = message[offset..];
        int length = BinaryPrimitives.ReadUInt16BigEndian(fixedPart[8..]);
        if (offset + 10 + length > message.Length) return false;
        record = new RecordHead(
            BinaryPrimitives.ReadUInt16BigEndian(fixedPart),
            BinaryPrimitives.ReadUInt16BigEndian(fixedPart[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(fixedPart[4..]),
            offset + 4, offset + 10, length, message[start] == 0);
        offset += 10 + length;
        return true;
    }
}
