using Kache.Exchanges;
using Kache.Store;

namespace Kache.Api;

/// <summary>References as a caller may use them: what may not be seen is as unknown as what is not there.</summary>
internal sealed class References(DataStore store, Caller caller)
{
    public static Reference Parse(string text) => Reference.TryParse(text, out var reference)
        ? reference
        : throw new KacheException("invalid", $"'{text}' is not a reference. Write TAG, TAG@sha256:… or sha256:…, where TAG is like 'example1' or 'team/app:2026-11' ({TagName.Grammar}).");

    public static TagName ParseTag(string text) => TagName.TryParse(text, out var tag)
        ? tag
        : throw new KacheException("invalid", $"'{text}' is not a tag. A tag is like 'example1' or 'team/app:2026-11': {TagName.Grammar}.");

    public async Task<Digest> ResolveAsync(string text, CancellationToken cancellation)
    {
        var reference = Parse(text);
        switch (await store.ResolveAsync(reference, cancellation))
        {
            case Resolution.Found found when await MaySeeAsync(reference, found.Digest, caller.Allow.MaySee, cancellation):
                return found.Digest;
            case Resolution.Ambiguous ambiguous when caller.Allow.IsAdmin:
                throw Ambiguous(reference, ambiguous.Candidates);
            default:
                throw Unknown(reference);
        }
    }

    /// <summary>
    /// A tag is judged by its name. A digest is judged by the tags that point, or have pointed, to it: naming a permitted
    /// tag beside somebody else's digest opens nothing.
    /// </summary>
    public async Task<bool> MaySeeAsync(Reference reference, Digest digest, Func<string, bool> permitted, CancellationToken cancellation)
    {
        if (caller.Allow.IsAdmin) return true;
        if (reference.Tag is { } named && !permitted(named.Value)) return false;
        if (reference.DigestPrefix is null) return true;
        foreach (var entry in await store.Catalog.TagsAsync(cancellation))
        {
            if (!permitted(entry.Tag.Value)) continue;
            var history = await store.Catalog.HistoryAsync(entry.Tag, cancellation);
            if (history.Any(h => h.Digest == digest)) return true;
        }
        return false;
    }

    public static KacheException Unknown(Reference reference) => new(
        "unknown_reference", $"There is no recording '{reference}' here. 'kache ls' lists the tags.");

    public static KacheException Ambiguous(Reference reference, IReadOnlyList<Digest> candidates) => new(
        "ambiguous_reference", $"'{reference}' could mean {string.Join(" or ", candidates.Select(c => Digest.Prefix + c.Hex[..16] + "…"))}. Write more of the digest.");
}
