using System.Text;

namespace Kache.Exchanges.Bodies;

/// <summary>
/// A multipart body (RFC 2046 §5.1) by its parts, in order: the boundary that clients draw by lot, and what stands before the
/// first part and after the last, do not count. A part's content is read by the rule for its own type.
/// </summary>
internal static class MultipartMeaning
{
    // Parts in parts in parts: nobody sends more, and each level reads the content again.
    private const int Deepest = 3;

    /// <returns>Null for what has no boundary, or does not end with it.</returns>
    public static Digest? Of(string contentType, ReadOnlySpan<byte> body, IgnoredFields ignored, int depth)
    {
        if (depth > Deepest || MediaParameters.Find(contentType, "boundary") is not { Length: > 0 } boundary) return null;
        using var hash = new MeaningHash("multipart");
        hash.Add('t', Encoding.Latin1.GetBytes(MediaParameters.Without(contentType, "boundary")));
        var delimiter = Encoding.Latin1.GetBytes("\r\n--" + boundary);
        // The first delimiter may be the very first line.
        var at = body.StartsWith(delimiter.AsSpan(2)) ? delimiter.Length - 2 : After(body, delimiter);
        while (at >= 0)
        {
            var rest = body[at..];
            if (rest.StartsWith("--"u8)) return hash.Take();
            // RFC 2046 §5.1.1: white space may stand between the boundary and the end of its line.
            var line = rest.IndexOf("\r\n"u8);
            if (line < 0 || rest[..line].ContainsAnyExcept(" \t"u8)) return null;
            // The line's end counts again where the part's head is empty.
            var part = rest[line..];
            var end = part.IndexOf(delimiter);
            if (end < 0 || !TryAdd(hash, part[..end], ignored, depth)) return null;
            at = at + line + end + delimiter.Length;
        }
        return null;
    }

    private static int After(ReadOnlySpan<byte> body, ReadOnlySpan<byte> delimiter) =>
        body.IndexOf(delimiter) is >= 0 and var at ? at + delimiter.Length : -1;

    /// <param name="part">From the end of the boundary's line on, that end included.</param>
    private static bool TryAdd(in MeaningHash hash, ReadOnlySpan<byte> part, IgnoredFields ignored, int depth)
    {
        var headEnd = part.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0) return false;
        var fields = FieldsIn(Encoding.Latin1.GetString(part[..headEnd]));
        var type = fields.Find(field => field.Name == "content-type").Value;
        var disposition = fields.Find(field => field.Name == "content-disposition").Value;
        if (!ignored.IsEmpty && disposition is not null && MediaParameters.Find(disposition, "name") is { } name && ignored.Contains(name)) return true;
        hash.Add('p', []);
        foreach (var (field, value) in fields.OrderBy(field => field.Name, StringComparer.Ordinal))
        {
            hash.Add('n', Encoding.Latin1.GetBytes(field));
            hash.Add('v', Encoding.Latin1.GetBytes(field == "content-type" ? MediaParameters.Without(value, "boundary") : value));
        }
        hash.Add('c', CanonicalBody.Of(type, part[(headEnd + 4)..], ignored, depth + 1));
        return true;
    }

    private static List<Field> FieldsIn(string head)
    {
        var fields = new List<Field>();
        foreach (var line in head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            fields.Add(colon < 0 ? new Field("", line) : new Field(line[..colon].Trim().ToLowerInvariant(), line[(colon + 1)..].Trim()));
        }
        return fields;
    }
}
