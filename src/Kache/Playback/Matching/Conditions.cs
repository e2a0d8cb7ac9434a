using System.Globalization;
using Kache.Exchanges;

namespace Kache.Playback.Matching;

/// <summary>Whether the client has an answer already, by the validators recorded with it (RFC 9110 §13). Pure.</summary>
internal static class Conditions
{
    public static bool AnyIn(IAskedFields fields) =>
        fields.Combined("if-none-match") is not null || fields.Combined("if-modified-since") is not null;

    /// <summary>RFC 9110 §13.2.2: If-None-Match decides alone when it is there.</summary>
    public static bool IsNotModified(IAskedFields asked, RecordedAnswer answer)
    {
        if (asked.Combined("if-none-match") is { } tags) return Lists(tags, answer.ETag);
        return asked.Combined("if-modified-since") is { } since
            && answer.Exchange.Response.Fields.First("last-modified") is { } modified
            && (since == modified || TryParseDate(since, out var had) && TryParseDate(modified, out var last) && last <= had);
    }

    /// <summary>Both requests named the same validators.</summary>
    public static bool AreTheSame(IAskedFields asked, Fields recorded) =>
        asked.Combined("if-none-match") == recorded.Combined("if-none-match")
        && asked.Combined("if-modified-since") == recorded.Combined("if-modified-since");

    /// <summary>RFC 9110 §13.1.5: a strong entity tag, or the exact date; anything else asks for the whole.</summary>
    public static bool RangeHolds(string? ifRange, RecordedAnswer answer)
    {
        if (ifRange is null) return true;
        var validator = ifRange.Trim();
        return validator.StartsWith('"') ? validator == answer.ETag
            : !IsWeak(validator) && validator == answer.Exchange.Response.Fields.First("last-modified");
    }

    public static bool TryParseDate(string text, out DateTimeOffset date) =>
        DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date);

    // Weak comparison, RFC 9110 §8.8.3.2. A quoted tag may hold commas, so the list is walked quote by quote.
    private static bool Lists(string tags, string? etag)
    {
        if (tags.Trim() == "*") return true;
        if (etag is null) return false;
        var opaque = IsWeak(etag) ? etag[2..] : etag;
        for (var at = 0; at < tags.Length;)
        {
            var open = tags.IndexOf('"', at);
            var close = open < 0 ? -1 : tags.IndexOf('"', open + 1);
            if (close < 0) break;
            if (tags.AsSpan(open, close - open + 1).SequenceEqual(opaque)) return true;
            at = close + 1;
        }
        // Origins that forget the quotes compare as they wrote.
        return !opaque.StartsWith('"') && tags.Split(',', StringSplitOptions.TrimEntries).Contains(opaque);
    }

    private static bool IsWeak(string etag) => etag.StartsWith("W/", StringComparison.Ordinal);
}
