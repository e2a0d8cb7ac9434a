using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Kache.Exchanges.Bodies;

/// <summary>
/// JSON by what it says: the order of members, white space and the ways to write a string or a number do not count.
/// Members of the same name are kept apart and in order, since receivers differ in which of them they take.
/// </summary>
internal static class JsonMeaning
{
    // A digest is made of each value from those of its parts, so no more than one path of them is held.

    /// <returns>Null for what is not JSON, or deeper than 64 levels.</returns>
    public static Digest? Of(ReadOnlySpan<byte> text, IgnoredFields ignored)
    {
        var reader = new Utf8JsonReader(text);
        try
        {
            if (!reader.Read()) return null;
            var meaning = Value(ref reader, ignored, ignored.IsEmpty ? null : "");
            // Anything after the value throws.
            reader.Read();
            return meaning;
        }
        catch (JsonException)
        {
            return null;
        }
        catch (InvalidOperationException)
        {
            // A string that is no text: half a surrogate pair, bytes that are not UTF-8.
            return null;
        }
    }

    private static Digest Value(ref Utf8JsonReader reader, IgnoredFields ignored, string? path) => reader.TokenType switch
    {
        JsonTokenType.StartObject => Members(ref reader, ignored, path),
        JsonTokenType.StartArray => Items(ref reader, ignored, path),
        JsonTokenType.String => Scalar('s', Text(ref reader)),
        JsonTokenType.Number => Scalar('n', Number(reader.ValueSpan)),
        var word => Scalar('w', [(byte)word]),
    };

    private static Digest Members(ref Utf8JsonReader reader, IgnoredFields ignored, string? path)
    {
        var members = new List<(Digest Name, Digest Value)>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = Text(ref reader);
            var below = path is null ? null : path.Length == 0 ? Encoding.UTF8.GetString(name) : path + "." + Encoding.UTF8.GetString(name);
            reader.Read();
            if (below is not null && ignored.Contains(below)) reader.Skip();
            else members.Add((Digest.Of(name), Value(ref reader, ignored, below)));
        }
        using var hash = new MeaningHash("json object");
        // The sort is stable: members of one name stay in order.
        foreach (var (name, value) in members.OrderBy(member => member.Name))
        {
            hash.Add('m', name);
            hash.Add('v', value);
        }
        return hash.Take();
    }

    private static Digest Items(ref Utf8JsonReader reader, IgnoredFields ignored, string? path)
    {
        using var hash = new MeaningHash("json array");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) hash.Add('i', Value(ref reader, ignored, path));
        return hash.Take();
    }

    private static Digest Scalar(char kind, ReadOnlySpan<byte> bytes)
    {
        using var hash = new MeaningHash("json value");
        hash.Add(kind, bytes);
        return hash.Take();
    }

    private static byte[] Text(ref Utf8JsonReader reader)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, reader.ValueSpan.Length));
        try
        {
            return buffer[..reader.CopyString(buffer)];
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// The exact decimal value, in one form: <c>1</c>, <c>1.0</c> and <c>10e-1</c> are <c>1e0</c>. No digit is lost, however many
    /// there are. The sign of zero stays: a receiver may tell the two apart.
    /// </summary>
    private static ReadOnlySpan<byte> Number(ReadOnlySpan<byte> written)
    {
        var text = Encoding.ASCII.GetString(written);
        var mark = text.AsSpan().IndexOfAny('e', 'E');
        var exponent = 0L;
        // An exponent of more than eighteen digits is nobody's number: it stays as it was written.
        if (mark >= 0 && (text.Length - mark > 19 || !long.TryParse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)))
            return written;
        var mantissa = mark < 0 ? text : text[..mark];
        var sign = mantissa.StartsWith('-') ? "-" : "";
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0) exponent -= mantissa.Length - point - 1;
        var digits = mantissa[sign.Length..].Replace(".", "", StringComparison.Ordinal).TrimStart('0');
        var significant = digits.TrimEnd('0');
        if (significant.Length == 0) return Encoding.ASCII.GetBytes(sign + "0");
        exponent += digits.Length - significant.Length;
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{sign}{significant}e{exponent}"));
    }
}
