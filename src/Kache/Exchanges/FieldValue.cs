namespace Kache.Exchanges;

/// <summary>
/// Control characters in values: they may be the end of a field to whoever reads them next (RFC 9110 §5.5). Tab is none
/// of them. Pure.
/// </summary>
internal static class FieldValue
{
    public static bool HasControl(string value)
    {
        foreach (var c in value)
            if (IsControl(c)) return true;
        return false;
    }

    /// <summary>The value with a space in the place of each.</summary>
    public static string Sendable(string value) => !HasControl(value) ? value : string.Create(value.Length, value, static (span, text) =>
    {
        for (var i = 0; i < text.Length; i++) span[i] = IsControl(text[i]) ? ' ' : text[i];
    });

    private static bool IsControl(char c) => c is (< ' ' and not '\t') or '\x7f';
}
