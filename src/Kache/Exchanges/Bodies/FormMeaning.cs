using System.Text;

namespace Kache.Exchanges.Bodies;

/// <summary>
/// An HTML form (WHATWG URL §5) by its fields: names of another order say the same, since every receiver asks by name and
/// clients that fill a hash table send any order; values of one name keep theirs, since they are a list to who reads them all.
/// How a character was escaped does not count.
/// </summary>
internal static class FormMeaning
{
    /// <returns>Null for what was not encoded as a form: JSON that curl called one, text.</returns>
    public static Digest? Of(ReadOnlySpan<byte> body, IgnoredFields ignored)
    {
        if (body.ContainsAny(" \"<>\\^`{|}"u8) || body.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e)) return null;
        var fields = new List<(Digest Name, Digest? Value)>();
        foreach (var range in body.Split((byte)'&'))
        {
            var field = body[range];
            // "a=1&&b=2": nothing is no field.
            if (field.IsEmpty) continue;
            var equals = field.IndexOf((byte)'=');
            var name = Decoded(equals < 0 ? field : field[..equals]);
            if (!ignored.IsEmpty && ignored.Contains(Encoding.UTF8.GetString(name))) continue;
            // "a" and "a=" are kept apart: some receivers do.
            fields.Add((Digest.Of(name), equals < 0 ? null : Digest.Of(Decoded(field[(equals + 1)..]))));
        }
        using var hash = new MeaningHash("form");
        foreach (var (name, value) in fields.OrderBy(field => field.Name))
        {
            hash.Add('f', name);
            if (value is { } given) hash.Add('v', given);
        }
        return hash.Take();
    }

    private static ReadOnlySpan<byte> Decoded(ReadOnlySpan<byte> text)
    {
        if (!text.ContainsAny((byte)'%', (byte)'+')) return text;
        var decoded = new byte[text.Length];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && Hex(text[i + 1]) is >= 0 and var high && Hex(text[i + 2]) is >= 0 and var low)
            {
                decoded[length++] = (byte)(high << 4 | low);
                i += 2;
            }
            else
            {
                decoded[length++] = text[i] == '+' ? (byte)' ' : text[i];
            }
        }
        return decoded.AsSpan(0, length);
    }

    private static int Hex(byte digit) => char.IsAsciiHexDigit((char)digit) ? Convert.ToInt32(((char)digit).ToString(), 16) : -1;
}
