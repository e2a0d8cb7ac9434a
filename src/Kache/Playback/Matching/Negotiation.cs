using Kache.Exchanges;

namespace Kache.Playback.Matching;

/// <summary>Whether a request admits the type or the language that an answer has. Pure.</summary>
internal static class Negotiation
{
    /// <summary>RFC 9110 §12.5.1. No Accept admits everything; the most specific range decides.</summary>
    public static bool AdmitsType(string? accept, string? contentType)
    {
        if (string.IsNullOrWhiteSpace(accept) || string.IsNullOrWhiteSpace(contentType)) return true;
        var type = Weighted.Parse(contentType).Name;
        var slash = type.IndexOf('/', StringComparison.Ordinal);
        var family = slash < 0 ? type : type[..slash];
        var (best, admitted) = (-1, false);
        foreach (var item in accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (range, weight) = Weighted.Parse(item);
            var specific = range == "*/*" || range == "*" ? 0
                : Same(range, family + "/*") ? 1
                : Same(range, type) ? 2 : -1;
            if (specific < 0 || specific < best) continue;
            // The same range twice with different parameters: one that admits is enough.
            admitted = specific == best ? admitted || weight > 0 : weight > 0;
            best = specific;
        }
        return admitted;
    }

    /// <summary>
    /// RFC 4647 §3.3.1, basic filtering. An answer without Content-Language is for every audience (RFC 9110 §8.5).
    /// </summary>
    public static bool AdmitsLanguage(string? acceptLanguage, string? contentLanguage)
    {
        if (string.IsNullOrWhiteSpace(acceptLanguage) || string.IsNullOrWhiteSpace(contentLanguage)) return true;
        foreach (var tag in contentLanguage.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (AdmitsTag(acceptLanguage, tag)) return true;
        }
        return false;
    }

    private static bool AdmitsTag(string acceptLanguage, string tag)
    {
        var (longest, admitted) = (-1, false);
        foreach (var item in acceptLanguage.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (range, weight) = Weighted.Parse(item);
            var length = range == "*" ? 0
                : Same(range, tag) || tag.StartsWith(range + "-", StringComparison.OrdinalIgnoreCase) ? range.Length : -1;
            if (length < 0 || length < longest) continue;
            (longest, admitted) = (length, weight > 0);
        }
        return admitted;
    }

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
