using System.Globalization;

namespace Kache.Exchanges;

/// <summary>Whether a client has an answer already, by the validators of the answer (RFC 9110 §13). Pure.</summary>
internal static class Validators
{
    /// <summary>RFC 9110 §13.2.2: If-None-Match decides alone when it is there.</summary>
    /// <param name="answer">Fields of the answer to a request without conditions.</param>
    public static bool AreCurrent(string? ifNoneMatch, string? ifModifiedSince, Fields answer)
    {
        if (ifNoneMatch is not null) return IsListed(ifNoneMatch, answer.First("etag")?.Trim());
        return ifModifiedSince is not null
            && answer.First("last-modified") is { } modified
            && (ifModifiedSince == modified || TryParseDate(ifModifiedSince, out var had) && TryParseDate(modified, out var last) && last <= had);
    }

    /// <summary>The tags of a list as they are compared weakly (RFC 9110 §8.8.3.2): quoted, without <c>W/</c>.</summary>
    public static IEnumerable<string> Opaque(string tags)
    {
        // A quoted tag may hold commas, so the list is walked quote by quote.
        for (var at = 0; at < tags.Length;)
        {
            var open = tags.IndexOf('"', at);
            var close = open < 0 ? -1 : tags.IndexOf('"', open + 1);
            if (close < 0) break;
            yield return tags[open..(close + 1)];
            at = close + 1;
        }
    }

    /// <summary>
    /// What says that two answers are the same byte for byte (RFC 9110 §8.8): a strong tag, or, where there is no tag, a date of
    /// change that lies a second and more before the answer.
    /// </summary>
    public static string? Strong(Fields answer)
    {
        if (answer.First("etag")?.Trim() is { } tag) return IsWeak(tag) ? null : tag;
        return answer.First("last-modified") is { } text
            && TryParseDate(text, out var modified)
            && answer.First("date") is { } sent && TryParseDate(sent, out var date) && date - modified >= TimeSpan.FromSeconds(1)
            ? text : null;
    }

    public static bool IsWeak(string etag) => etag.StartsWith("W/", StringComparison.Ordinal);

    public static bool TryParseDate(string text, out DateTimeOffset date) =>
        DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date);

    private static bool IsListed(string tags, string? etag)
    {
        if (tags.Trim() == "*") return true;
        if (etag is null) return false;
        var opaque = IsWeak(etag) ? etag[2..] : etag;
        // Origins that forget the quotes compare as they wrote.
        return Opaque(tags).Contains(opaque) || (!opaque.StartsWith('"') && tags.Split(',', StringSplitOptions.TrimEntries).Contains(opaque));
    }
}
