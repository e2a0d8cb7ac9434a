using System.Globalization;

namespace Kache.Exchanges;

/// <summary>Which bytes of a whole a piece holds (RFC 9110 §14.4). Pure.</summary>
/// <param name="First">Null in an answer that could satisfy no range: <c>bytes */1234</c>.</param>
/// <param name="Total">Length of the whole; null when the origin does not say it.</param>
internal readonly record struct ContentRange(long? First, long? Last, long? Total)
{
    /// <returns>Null for another unit, and for what the grammar does not allow.</returns>
    public static ContentRange? Parse(string? field)
    {
        if (field is null) return null;
        var text = field.AsSpan().Trim();
        if (!text.StartsWith("bytes ", StringComparison.OrdinalIgnoreCase)) return null;
        text = text["bytes ".Length..].Trim();
        var slash = text.IndexOf('/');
        if (slash < 0) return null;
        var range = text[..slash];
        var whole = text[(slash + 1)..];
        long? total = null;
        if (!whole.SequenceEqual("*"))
        {
            if (!TryNumber(whole, out var said)) return null;
            total = said;
        }
        if (range.SequenceEqual("*")) return total is null ? null : new ContentRange(null, null, total);
        var dash = range.IndexOf('-');
        if (dash < 0 || !TryNumber(range[..dash], out var first) || !TryNumber(range[(dash + 1)..], out var last)) return null;
        return last < first || last >= total ? null : new ContentRange(first, last, total);
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, out long number) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
