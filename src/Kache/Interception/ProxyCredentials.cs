using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Kache.Interception;

/// <summary>Basic credentials of the explicit proxy (RFC 7617): the session's id and its secret. Pure.</summary>
internal readonly record struct ProxyCredentials(string Session, string Secret)
{
    private const string Scheme = "Basic ";

    public static bool TryParse([NotNullWhen(true)] string? field, out ProxyCredentials credentials)
    {
        credentials = default;
        if (field is null || !field.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return false;
        var encoded = field.AsSpan(Scheme.Length).Trim();
        var bytes = new byte[encoded.Length];
        if (!Convert.TryFromBase64Chars(encoded, bytes, out var length)) return false;
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0) return false;
        credentials = new ProxyCredentials(text[..colon], text[(colon + 1)..]);
        return true;
    }

    // Neither belongs into a log.
    public override string ToString() => "credentials";
}
