using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Kache.Dns.Messages;

/// <summary>Messages to and from the resolvers that Kache asks. Pure; hostile bytes are values, not exceptions.</summary>
internal static class UpstreamMessage
{
    private const int InternetClass = 1;

    /// <returns>A query that desires recursion, or null when the text is no name.</returns>
    public static byte[]? Query(ushort id, string name, int type)
    {
        Span<byte> wire = stackalloc byte[WireName.Longest];
        if (!WireName.TryWrite(name, wire, out var length)) return null;
        var message = new byte[DnsHeader.Size + length + 4];
        new DnsHeader(id, DnsHeader.RecursionDesired, 1, 0, 0, 0).Write(message);
        wire[..length].CopyTo(message.AsSpan(DnsHeader.Size));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(DnsHeader.Size + length), (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(DnsHeader.Size + length + 2), InternetClass);
        return message;
    }

    /// <summary>Whether the message is an answer to this query: same id, same question.</summary>
    public static bool IsAnswer(ReadOnlySpan<byte> query, ReadOnlySpan<byte> message)
    {
        if (!DnsHeader.TryRead(query, out var asked) || !DnsHeader.TryRead(message, out var said)) return false;
        if (!said.IsResponse || said.Id != asked.Id || said.Opcode != asked.Opcode) return false;
        // Some resolvers leave the question out of a refusal.
        if (said.Questions == 0) return said.Code is not (ResponseCode.NoError or ResponseCode.NoSuchName);
        if (said.Questions != 1) return false;
        var end = DnsHeader.Size;
        if (!WireName.TrySkip(query, ref end)) return false;
        var length = end + 4 - DnsHeader.Size;
        return message.Length >= DnsHeader.Size + length && end + 4 <= query.Length
            && WireName.AreSame(query.Slice(DnsHeader.Size, length - 4), message.Slice(DnsHeader.Size, length - 4))
            && query.Slice(end, 4).SequenceEqual(message.Slice(end, 4));
    }

    /// <summary>
    /// Every address of the type among the answers. The chain of aliases that led there is the resolver's affair.
    /// </summary>
    /// <returns>False when the message is broken.</returns>
    public static bool TryReadAddresses(ReadOnlySpan<byte> message, int type, List<IPAddress> addresses)
    {
        var size = type == RecordType.A ? 4 : 16;
        if (!TryFindAnswers(message, out var offset, out var count)) return false;
        for (var i = 0; i < count; i++)
        {
            if (!RecordHead.TryRead(message, ref offset, out var record)) return false;
            if (record.Type == type && record.Class == InternetClass && record.DataLength == size)
                addresses.Add(new IPAddress(message.Slice(record.DataAt, size)));
        }
        return true;
    }

    /// <summary>Whether one of the answers is a text record of exactly this one string.</summary>
    public static bool HasText(ReadOnlySpan<byte> message, string text)
    {
        if (!TryFindAnswers(message, out var offset, out var count)) return false;
        for (var i = 0; i < count; i++)
        {
            if (!RecordHead.TryRead(message, ref offset, out var record)) return false;
            if (record.Type != RecordType.Txt || record.DataLength != text.Length + 1) continue;
            if (message[record.DataAt] == text.Length && Ascii.Equals(message.Slice(record.DataAt + 1, text.Length), text)) return true;
        }
        return false;
    }

    private static bool TryFindAnswers(ReadOnlySpan<byte> message, out int offset, out int count)
    {
        offset = DnsHeader.Size;
        count = 0;
        if (!DnsHeader.TryRead(message, out var header)) return false;
        for (var i = 0; i < header.Questions; i++)
        {
            if (!WireName.TrySkip(message, ref offset)) return false;
            offset += 4;
        }
        count = header.Answers;
        return true;
    }
}
