using System.Text;

namespace Kache.Dns.Messages;

/// <summary>
/// Domain names between the wire and text. Text is lower case, without a trailing dot; what could be mistaken
/// is escaped as zone files do it (RFC 1035 §5.1: <c>\.</c> and <c>\000</c>).
/// </summary>
internal static class WireName
{
    /// <summary>RFC 1035 §2.3.4, length bytes included.</summary>
    public const int Longest = 255;

    private const int LongestLabel = 63;
    private const int Pointer = 0xC0;

    /// <param name="name">Takes the name uncompressed, its case kept; <see cref="Longest"/> bytes.</param>
    /// <param name="offset">Where the name begins; afterwards where what follows it begins.</param>
    public static bool TryRead(ReadOnlySpan<byte> message, ref int offset, Span<byte> name, out int length)
    {
        length = 0;
        var position = offset;
        // A pointer leads to an earlier name (RFC 1035 §4.1.4): each jump has to go further back, so it ends.
        var lowest = offset;
        var jumped = false;
        while (position < message.Length)
        {
            int label = message[position];
            if (label >= Pointer)
            {
                if (position + 1 >= message.Length) return false;
                var target = ((label & 0x3F) << 8) | message[position + 1];
                if (target >= lowest || target < DnsHeader.Size) return false;
                if (!jumped) offset = position + 2;
                jumped = true;
                lowest = position = target;
                continue;
            }
            // 01 and 10 were reserved and given up (RFC 6891 §5).
            if (label > LongestLabel || position + 1 + label > message.Length || length + 1 + label > Longest) return false;
            message.Slice(position, 1 + label).CopyTo(name[length..]);
            length += 1 + label;
            position += 1 + label;
            if (label != 0) continue;
            if (!jumped) offset = position;
            return true;
        }
        return false;
    }

    public static bool TrySkip(ReadOnlySpan<byte> message, ref int offset)
    {
        while (offset < message.Length)
        {
            int label = message[offset];
            if (label >= Pointer)
            {
                offset += 2;
                return offset <= message.Length;
            }
            if (label > LongestLabel) return false;
            offset += 1 + label;
            if (label == 0) return true;
        }
        return false;
    }

    public static string ToText(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length);
        for (var position = 0; position < name.Length && name[position] != 0; position += 1 + name[position])
        {
            if (position > 0) text.Append('.');
            foreach (var character in name.Slice(position + 1, name[position])) Append(text, character);
        }
        return text.ToString();
    }

    /// <returns>False for a text that is no name: a label or the whole too long, empty labels, not ASCII.</returns>
    public static bool TryWrite(string text, Span<byte> name, out int length)
    {
        length = 0;
        var label = 0;
        var end = 1;
        if (text.Length == 0 || text == ".") return TryEnd(name, 0, 0, out length);
        for (var i = 0; i < text.Length; i++)
        {
            int character = text[i];
            if (character == '.')
            {
                if (end - label - 1 is 0 or > LongestLabel) return false;
                name[label] = (byte)(end - label - 1);
                label = end++;
                if (end > Longest) return false;
                continue;
            }
            if (character > 0x7F || end >= Longest) return false;
            if (character == '\\' && !TryUnescape(text, ref i, out character)) return false;
            name[end++] = (byte)character;
        }
        // Without the label that a trailing dot left empty.
        return TryEnd(name, label, end - label - 1, out length);
    }

    /// <summary>Names are the same whatever their case (RFC 4343), byte for byte otherwise.</summary>
    public static bool AreSame(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.Length != b.Length) return false;
        for (var i = 0; i < a.Length; i++)
            if (Lower(a[i]) != Lower(b[i])) return false;
        return true;
    }

    private static bool TryEnd(Span<byte> name, int label, int size, out int length)
    {
        length = 0;
        if (size > LongestLabel) return false;
        name[label] = (byte)size;
        length = size == 0 ? label + 1 : label + size + 2;
        if (length > Longest) return false;
        name[length - 1] = 0;
        return true;
    }

    private static bool TryUnescape(string text, ref int index, out int character)
    {
        character = 0;
        if (index + 1 >= text.Length) return false;
        if (!char.IsAsciiDigit(text[index + 1]))
        {
            character = text[++index];
            return character <= 0x7F;
        }
        if (index + 3 >= text.Length || !char.IsAsciiDigit(text[index + 2]) || !char.IsAsciiDigit(text[index + 3])) return false;
        character = ((text[index + 1] - '0') * 100) + ((text[index + 2] - '0') * 10) + text[index + 3] - '0';
        index += 3;
        return character <= 0xFF;
    }

    private static void Append(StringBuilder text, byte character)
    {
        var lower = Lower(character);
        if (lower is (byte)'.' or (byte)'\\') text.Append('\\').Append((char)lower);
        else if (lower is <= 0x20 or >= 0x7F) text.Append('\\').Append(lower.ToString("D3", System.Globalization.CultureInfo.InvariantCulture));
        else text.Append((char)lower);
    }

    // A length byte is 63 at most, below 'A': lowering a whole name touches letters only.
    private static byte Lower(byte character) => character is >= (byte)'A' and <= (byte)'Z' ? (byte)(character | 0x20) : character;
}
