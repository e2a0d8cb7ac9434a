using System.Diagnostics.CodeAnalysis;

namespace Kache.Api;

/// <summary>
/// What a token may do: <c>record:PATTERN</c>, <c>playback:PATTERN</c>, <c>admin</c>. In a pattern <c>*</c> stands for
/// any characters and <c>?</c> for one; everything else for itself.
/// </summary>
internal sealed class AllowList
{
    private const string RecordPrefix = "record:";
    private const string PlaybackPrefix = "playback:";
    private const string AdminWord = "admin";

    public static readonly AllowList Everything = new([AdminWord]);

    private readonly string[] _record;
    private readonly string[] _playback;

    private AllowList(IReadOnlyList<string> words)
    {
        IsAdmin = words.Contains(AdminWord, StringComparer.Ordinal);
        _record = Patterns(words, RecordPrefix);
        _playback = Patterns(words, PlaybackPrefix);
    }

    public bool IsAdmin { get; }

    public bool MayRecord(string tag) => IsAdmin || _record.Any(p => Matches(p, tag));

    public bool MayPlayBack(string tag) => IsAdmin || _playback.Any(p => Matches(p, tag));

    /// <summary>Whoever may record or play back a tag may see what it points to.</summary>
    public bool MaySee(string tag) => MayRecord(tag) || MayPlayBack(tag);

    public static bool TryParse(IReadOnlyList<string> words, [NotNullWhen(true)] out AllowList? allow, [NotNullWhen(false)] out string? mistake)
    {
        allow = null;
        mistake = words.Count == 0 ? "A token must be allowed something: record:PATTERN, playback:PATTERN or admin." : null;
        foreach (var word in words)
        {
            var known = word == AdminWord || HasPattern(word, RecordPrefix) || HasPattern(word, PlaybackPrefix);
            if (!known) mistake = $"'{word}' is not something a token can be allowed. Say record:PATTERN, playback:PATTERN (such as 'record:team/*') or admin.";
        }
        if (mistake is not null) return false;
        allow = new AllowList(words);
        return true;
    }

    /// <summary>Words from the catalog: what is not understood allows nothing.</summary>
    public static AllowList Of(IReadOnlyList<string> words) => new(words);

    /// <summary>Linear in the text: a star goes back to its last place only.</summary>
    public static bool Matches(string pattern, string text)
    {
        int p = 0, t = 0, star = -1, from = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*') (star, from) = (p++, t);
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t])) (p, t) = (p + 1, t + 1);
            else if (star >= 0) (p, t) = (star + 1, ++from);
            else return false;
        }
        return pattern.AsSpan(p).TrimStart('*').IsEmpty;
    }

    // JSON may hold null where a list of words is expected.
    private static bool HasPattern(string? word, string prefix) =>
        word?.Length > prefix.Length && word.StartsWith(prefix, StringComparison.Ordinal);

    private static string[] Patterns(IReadOnlyList<string> words, string prefix) =>
        [.. words.Where(w => HasPattern(w, prefix)).Select(w => w[prefix.Length..])];
}
