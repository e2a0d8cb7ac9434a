using System.Globalization;

namespace Kache.Playback.Matching;

/// <summary>Some bytes of a body, at least one.</summary>
internal readonly record struct ByteRange(long First, long Length)
{
    public long Last => First + Length - 1;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");
}

/// <summary>What a Range field means for a body of known length. Pure.</summary>
internal static class ByteRanges
{
    // More than any client is known to send; each part costs a head. Beyond it the field is ignored (RFC 9110 §14.2).
    private const int MostParts = 100;

    /// <summary>
    /// Null: no range that is to be honoured, the whole is sent (RFC 9110 §14.2). Empty: none can be satisfied, 416.
    /// </summary>
    public static IReadOnlyList<ByteRange>? Of(string? field, long length)
    {
        if (field is null) return null;
        var equals = field.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 || !field.AsSpan(0, equals).Trim().Equals("bytes", StringComparison.OrdinalIgnoreCase)) return null;
        var ranges = new List<ByteRange>();
        var (asked, total) = (0, 0L);
        foreach (var part in field[(equals + 1)..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (++asked > MostParts || !TryParse(part, length, out var range)) return null;
            if (range is not { } satisfiable) continue;
            ranges.Add(satisfiable);
            total += satisfiable.Length;
        }
        if (asked == 0) return null;
        // Parts that overlap to more than the whole are an attack or a mistake (RFC 9110 §14.2).
        return ranges.Count > 1 && total > length ? null : ranges;
    }

    /// <returns>False for what the grammar does not allow.</returns>
    private static bool TryParse(string part, long length, out ByteRange? range)
    {
        range = null;
        var dash = part.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0) return false;
        if (dash == 0)
        {
            if (!TryNumber(part.AsSpan(1), out var suffix)) return false;
            var taken = Math.Min(suffix, length);
            if (taken > 0) range = new ByteRange(length - taken, taken);
            return true;
        }
        if (!TryNumber(part.AsSpan(0, dash), out var first)) return false;
        var last = long.MaxValue;
        if (dash + 1 < part.Length && (!TryNumber(part.AsSpan(dash + 1), out last) || last < first)) return false;
        if (first < length) range = new ByteRange(first, Math.Min(last, length - 1) - first + 1);
        return true;
    }

    // Digits only; a number too large for us is larger than any body.
    private static bool TryNumber(ReadOnlySpan<char> digits, out long number)
    {
        number = long.MaxValue;
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9')) return false;
        if (long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed)) number = parsed;
        return true;
    }
}
