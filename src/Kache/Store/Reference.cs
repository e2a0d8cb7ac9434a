using System.Diagnostics.CodeAnalysis;

namespace Kache.Store;

/// <summary>
/// What a user names a recording by: <c>TAG</c>, <c>TAG@sha256:…</c> or <c>sha256:…</c>.
/// The digest may be short (at least 6 hexadecimal digits).
/// </summary>
internal sealed record Reference
{
    private const int ShortestDigest = 6;

    private Reference(TagName? tag, string? digest) => (Tag, DigestPrefix) = (tag, digest);

    public TagName? Tag { get; }

    /// <summary>Hexadecimal digits without <c>sha256:</c>; 6 to 64 of them. Null for a plain tag.</summary>
    public string? DigestPrefix { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Reference? reference)
    {
        reference = null;
        if (text is null) return false;
        var at = text.IndexOf('@', StringComparison.Ordinal);
        if (at < 0 && TagName.TryParse(text, out var only))
        {
            reference = new Reference(only, null);
            return true;
        }
        TagName? tag = null;
        if (at >= 0)
        {
            if (!TagName.TryParse(text[..at], out var named)) return false;
            tag = named;
        }
        var digest = text[(at + 1)..];
        if (!digest.StartsWith("sha256:", StringComparison.Ordinal)) return false;
        var hex = digest["sha256:".Length..];
        if (hex.Length is < ShortestDigest or > 64 || hex.AsSpan().ContainsAnyExcept("0123456789abcdef")) return false;
        reference = new Reference(tag, hex);
        return true;
    }

    public override string ToString() =>
        DigestPrefix is null ? Tag!.Value.Value : Tag is null ? $"sha256:{DigestPrefix}" : $"{Tag}@sha256:{DigestPrefix}";
}
