namespace Kache.Exchanges;

/// <summary>Absolute URLs as people write them, their path and query byte for byte. Pure.</summary>
internal static class UrlText
{
    /// <returns>False for what is no absolute http or https URL.</returns>
    public static bool TrySplit(string url, out string scheme, out Authority authority, out string target)
    {
        (scheme, authority, target) = ("", default, "/");
        var end = url.IndexOf("://", StringComparison.Ordinal);
        if (end < 0) return false;
        scheme = url[..end].ToLowerInvariant();
        if (scheme is not ("http" or "https")) return false;
        // What a browser keeps to itself.
        var fragment = url.IndexOf('#', end);
        var rest = fragment < 0 ? url[(end + 3)..] : url[(end + 3)..fragment];
        var path = rest.AsSpan().IndexOfAny('/', '?');
        if (path >= 0) target = rest[path] == '?' ? "/" + rest[path..] : rest[path..];
        return Authority.TryParse(path < 0 ? rest : rest[..path], scheme == "https" ? 443 : 80, out authority);
    }
}
