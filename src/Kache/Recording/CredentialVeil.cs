using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Kache.Exchanges;

namespace Kache.Recording;

/// <summary>
/// Replaces credentials by scheme and ordinal (<c>Bearer #2</c>) before anything is written: the same
/// credential gets the same ordinal. What stands for what is known in this process's memory only, as digests.
/// </summary>
internal sealed class CredentialVeil
{
    // RFC 9110 §11.1 names no limit; registered schemes have at most 16 characters. Anything longer may be the secret itself.
    private const int LongestScheme = 32;

    private readonly ConcurrentDictionary<(string Scheme, Digest Secret), int> _known = new();
    private readonly ConcurrentDictionary<string, int> _highest;

    /// <param name="highest">Highest ordinal by scheme that the recording has already, so that a restarted session goes on counting.</param>
    public CredentialVeil(IReadOnlyDictionary<string, int> highest) => _highest = new(highest, StringComparer.Ordinal);

    public Fields Cover(Fields fields)
    {
        ImmutableArray<Field>.Builder? covered = null;
        for (var i = 0; i < fields.Count; i++)
        {
            var (name, value) = fields[i];
            if (!IsCredential(name)) continue;
            if (covered is null)
            {
                covered = ImmutableArray.CreateBuilder<Field>(fields.Count);
                covered.AddRange(fields);
            }
            covered[i] = new Field(name, Cover(name, value));
        }
        return covered is null ? fields : new Fields(covered.DrainToImmutable());
    }

    private static bool IsCredential(string name) => name is "authorization" or "proxy-authorization" or "cookie";

    private string Cover(string name, string value)
    {
        var scheme = name == "cookie" ? "" : Scheme(value);
        // A cookie is counted apart, though neither shows a scheme.
        var counter = name == "cookie" ? "cookie" : scheme;
        var ordinal = _known.GetOrAdd((counter, Digest.Of(Encoding.Latin1.GetBytes(value))), _ => _highest.AddOrUpdate(counter, 1, (_, last) => last + 1));
        return string.Create(CultureInfo.InvariantCulture, $"{scheme}{(scheme.Length > 0 ? " " : "")}#{ordinal}");
    }

    /// <summary>Empty unless the value reads as a scheme and something after it: a bare token is all secret.</summary>
    private static string Scheme(string value)
    {
        var end = value.IndexOf(' ', StringComparison.Ordinal);
        if (end is <= 0 or > LongestScheme || end == value.Length - 1) return "";
        foreach (var c in value.AsSpan(0, end))
            if (!char.IsAsciiLetterOrDigit(c) && c is not '-' and not '_') return "";
        return value[..end];
    }
}
