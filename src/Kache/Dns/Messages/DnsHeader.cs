using System.Buffers.Binary;

namespace Kache.Dns.Messages;

/// <summary>The twelve bytes that begin every message (RFC 1035 §4.1.1).</summary>
internal readonly record struct DnsHeader(ushort Id, ushort Flags, int Questions, int Answers, int Authorities, int Additionals)
{
    public const int Size = 12;
    public const ushort Response = 0x8000;
    public const ushort Truncated = 0x0200;
    public const ushort RecursionDesired = 0x0100;
    public const ushort RecursionAvailable = 0x0080;
    public const ushort CheckingDisabled = 0x0010;

    public bool IsResponse => (Flags & Response) != 0;

    public bool IsTruncated => (Flags & Truncated) != 0;

    public int Opcode => (Flags >> 11) & 0xF;

    public ResponseCode Code => (ResponseCode)(Flags & 0xF);

    public int Records => Answers + Authorities + Additionals;

    public static bool TryRead(ReadOnlySpan<byte> message, out DnsHeader header)
    {
        header = default;
        if (message.Length < Size) return false;
        header = new DnsHeader(
            BinaryPrimitives.ReadUInt16BigEndian(message),
            BinaryPrimitives.ReadUInt16BigEndian(message[2..]),
            BinaryPrimitives.ReadUInt16BigEndian(message[4..]),
            BinaryPrimitives.ReadUInt16BigEndian(message[6..]),
            BinaryPrimitives.ReadUInt16BigEndian(message[8..]),
            BinaryPrimitives.ReadUInt16BigEndian(message[10..]));
        return true;
    }

    public void Write(Span<byte> message)
    {
        BinaryPrimitives.WriteUInt16BigEndian(message, Id);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], Flags);
        BinaryPrimitives.WriteUInt16BigEndian(message[4..], (ushort)Questions);
        BinaryPrimitives.WriteUInt16BigEndian(message[6..], (ushort)Answers);
        BinaryPrimitives.WriteUInt16BigEndian(message[8..], (ushort)Authorities);
        BinaryPrimitives.WriteUInt16BigEndian(message[10..], (ushort)Additionals);
    }
}
