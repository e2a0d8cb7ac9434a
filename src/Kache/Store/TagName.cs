using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Kache.Store;

/// <summary>A movable name for a recording: <c>example1</c>, <c>team/app:2026-11</c>.</summary>
internal readonly partial record struct TagName
{
    public const string Grammar = "[a-z0-9]+([._/-][a-z0-9]+)*(:[A-Za-z0-9_.-]{1,127})?";

    // Docker's limit for a repository name is 255; one more for the colon and 127 for what follows.
    private const int LongestTag = 255 + 1 + 127;

    private TagName(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse([NotNullWhen(true)] string? text, out TagName tag)
    {
        tag = default;
        if (text is null || text.Length > LongestTag || !Form().IsMatch(text) || IsDigest(text)) return false;
        tag = new TagName(text);
        return true;
    }

    public override string ToString() => Value;

    // "sha256:…" has the form of a tag, and would never be found: a reference reads it as a digest.
    private static bool IsDigest(string text) => text.StartsWith("sha256:", StringComparison.Ordinal);

    [GeneratedRegex("^" + Grammar + "\\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
