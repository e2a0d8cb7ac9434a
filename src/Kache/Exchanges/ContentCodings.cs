namespace Kache.Exchanges;

/// <summary>Content codings (RFC 9110 §8.4): what an answer carries, what a client accepts, what can be undone. Pure.</summary>
internal static class ContentCodings
{
    // More layers than anybody has been seen to use; each costs a decoder.
    private const int MostLayers = 4;

    /// <summary>The codings in the order in which they were applied, lower case, <c>x-</c> dropped; null when there is none.</summary>
    public static IReadOnlyList<string>? Applied(string? contentEncoding)
    {
        if (string.IsNullOrWhiteSpace(contentEncoding)) return null;
        List<string>? codings = null;
        foreach (var part in contentEncoding.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var name = Canonical(part);
            if (name != "identity") (codings ??= []).Add(name);
        }
        return codings;
    }

    public static bool CanUndo(IReadOnlyList<string> codings)
    {
        if (codings.Count > MostLayers) return false;
        foreach (var coding in codings)
            if (coding is not ("gzip" or "deflate" or "br" or "zstd")) return false;
        return true;
    }

    /// <summary>Whether an Accept-Encoding admits all of the codings. An absent field says nothing, so it admits none.</summary>
    public static bool Accepts(string? acceptEncoding, IReadOnlyList<string> codings)
    {
        if (acceptEncoding is null) return false;
        foreach (var coding in codings)
            if (!Accepts(acceptEncoding, coding)) return false;
        return true;
    }

    private static bool Accepts(string acceptEncoding, string coding)
    {
        var byStar = false;
        foreach (var item in acceptEncoding.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, weight) = Weighted.Parse(item);
            if (Canonical(name) == coding) return weight > 0;
            if (name == "*") byStar = weight > 0;
        }
        return byStar;
    }

    // RFC 9110 §8.4.1.3: x-gzip and x-compress are the same as gzip and compress.
    private static string Canonical(string coding)
    {
        var name = coding.ToLowerInvariant();
        return name is "x-gzip" or "x-compress" ? name[2..] : name;
    }
}
