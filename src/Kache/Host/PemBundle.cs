using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kache.Host;

/// <summary>A file of certificates in PEM (RFC 7468) with one more. Pure. A bundle is always what it was, plus ours.</summary>
internal static class PemBundle
{
    public static bool Holds(string text, ReadOnlySpan<byte> certificate) => Find(text, 0, certificate) is not null;

    public static string Apply(string original, HostFacts facts)
    {
        if (Holds(original, Der(facts.Ca))) return original;
        var gap = original.Length == 0 || original.EndsWith('\n') ? "" : "\n";
        return $"{original}{gap}{Block(facts)}";
    }

    public static string Remove(string current, HostFacts facts)
    {
        var der = Der(facts.Ca);
        var block = Block(facts);
        current = current.Replace(block, "", StringComparison.Ordinal);
        while (Find(current, 0, der) is { } found)
        {
            var end = found.End.GetOffset(current.Length);
            if (end < current.Length && current[end] == '\n') end++;
            current = current[..found.Start.Value] + current[end..];
        }
        return current;
    }

    public static byte[] Der(string pem)
    {
        var found = PemEncoding.Find(pem);
        return Convert.FromBase64String(pem[found.Base64Data]);
    }

    /// <summary>The certificates that can be read; others are no more trusted here than by the programs that read the file.</summary>
    public static IReadOnlyList<X509Certificate2> Certificates(string text)
    {
        var found = new List<X509Certificate2>();
        for (var at = 0; PemEncoding.TryFind(text.AsSpan(at), out var fields);)
        {
            try
            {
                if (text.AsSpan(at)[fields.Label] is "CERTIFICATE") found.Add(X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text.AsSpan(at)[fields.Base64Data].ToString())));
            }
            catch (CryptographicException)
            {
                // Old roots with odd encodings: OpenSSL skips them too.
            }
            at += fields.Location.GetOffsetAndLength(text.Length - at) is var (start, length) ? start + length : 0;
        }
        return found;
    }

    private static string Block(HostFacts facts) => $"{TextLines.Mark}{facts.Title}\n{facts.Ca.Trim()}\n";

    private static Range? Find(string text, int from, ReadOnlySpan<byte> certificate)
    {
        while (PemEncoding.TryFind(text.AsSpan(from), out var fields))
        {
            var (start, length) = fields.Location.GetOffsetAndLength(text.Length - from);
            if (fields.DecodedDataLength == certificate.Length
                && Convert.FromBase64String(text.AsSpan(from)[fields.Base64Data].ToString()).AsSpan().SequenceEqual(certificate))
                return (from + start)..(from + start + length);
            from += start + length;
        }
        return null;
    }
}
