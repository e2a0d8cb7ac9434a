using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Kache.Host;

/// <summary>The one DNS question that start asks, and what it understands of answers (RFC 1035 §4). Pure.</summary>
internal static class ProbeMessage
{
    public const ushort TypeA = 1;
    public const ushort TypeAaaa = 28;

    private const int HeaderSize = 12;
    private const ushort ClassIn = 1;
    private const ushort RecursionDesired = 0x0100;
    private const int IsAnswer = 0x8000;
    private const int CodeMask = 0xF;
    private const byte Pointer = 0xC0;

    public static byte[] Question(ushort id, string name, ushort type)
    {
        using var message = new MemoryStream();
        Span<byte> header = stackalloc byte[HeaderSize];
        BinaryPrimitives.WriteUInt16BigEndian(header, id);
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], RecursionDesired);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], 1);
        message.Write(header);
        foreach (var label in name.Split('.'))
        {
            message.WriteByte((byte)label.Length);
            message.Write(Encoding.ASCII.GetBytes(label));
        }
        message.WriteByte(0);
        Span<byte> end = stackalloc byte[4];
        BinaryPrimitives.WriteUInt16BigEndian(end, type);
        BinaryPrimitives.WriteUInt16BigEndian(end[2..], ClassIn);
        message.Write(end);
        return message.ToArray();
    }

    /// <returns>The response code and the addresses, or null for what is no answer to that question.</returns>
    public static (int Code, IReadOnlyList<IPAddress> Addresses)? Read(ReadOnlySpan<byte> message, ushort id)
    {
        if (message.Length < HeaderSize || BinaryPrimitives.ReadUInt16BigEndian(message) != id) return null;
        int flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if ((flags & IsAnswer) == 0) return null;
        var at = HeaderSize;
        for (var questions = BinaryPrimitives.ReadUInt16BigEndian(message[4..]); questions > 0; questions--)
        {
            if (!SkipName(message, ref at) || (at += 4) > message.Length) return null;
        }
        var addresses = new List<IPAddress>();
        for (var answers = BinaryPrimitives.ReadUInt16BigEndian(message[6..]); answers > 0; answers--)
        {
            if (!SkipName(message, ref at) || at + 10 > message.Length) return null;
            var type = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
            var size = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]);
            at += 10;
            if (at + size > message.Length) return null;
            if ((type, size) is (TypeA, 4) or (TypeAaaa, 16)) addresses.Add(new IPAddress(message.Slice(at, size)));
            at += size;
        }
        return (flags & CodeMask, addresses);
    }

    private static bool SkipName(ReadOnlySpan<byte> message, ref int at)
    {
        while (at < message.Length)
        {
            var length = message[at];
            if (length >= Pointer)
            {
                at += 2;
                return at <= message.Length;
            }
            at += 1 + length;
            if (length == 0) return true;
        }
        return false;
    }
}
