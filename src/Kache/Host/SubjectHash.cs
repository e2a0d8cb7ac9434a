using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Kache.Host;

/// <summary>
/// The name by which OpenSSL finds a certificate in a folder: X509_NAME_hash, four bytes of SHA-1 over the subject in a
/// canonical form (strings as UTF-8, ASCII letters in lower case, blanks collapsed; X509_NAME_ENTRY's canonicalisation in OpenSSL).
/// </summary>
internal static class SubjectHash
{
    public static string Of(X509Certificate2 certificate)
    {
        var canonical = new MemoryStream();
        var name = new AsnReader(certificate.SubjectName.RawData, AsnEncodingRules.DER).ReadSequence();
        while (name.HasData)
        {
            var writer = new AsnWriter(AsnEncodingRules.DER);
            using (writer.PushSetOf())
            {
                var part = name.ReadSetOf();
                while (part.HasData) WriteEntry(writer, part.ReadSequence());
            }
            canonical.Write(writer.Encode());
        }
#pragma warning disable CA5350 // OpenSSL's choice; a file's name rests on it, nothing else.
        var hash = SHA1.HashData(canonical.ToArray());
#pragma warning restore CA5350
        return BitConverter.ToUInt32(hash).ToString("x8");
    }

    private static void WriteEntry(AsnWriter writer, AsnReader entry)
    {
        using var sequence = writer.PushSequence();
        writer.WriteObjectIdentifier(entry.ReadObjectIdentifier());
        var tag = entry.PeekTag();
        if (tag.TagClass != TagClass.Universal || Enum.IsDefined((UniversalTagNumber)tag.TagValue) is false || !IsText((UniversalTagNumber)tag.TagValue))
            writer.WriteEncodedValue(entry.ReadEncodedValue().Span);
        else
            writer.WriteCharacterString(UniversalTagNumber.UTF8String, Canonical(entry.ReadCharacterString((UniversalTagNumber)tag.TagValue)));
    }

    private static bool IsText(UniversalTagNumber tag) => tag is UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString
        or UniversalTagNumber.T61String or UniversalTagNumber.IA5String or UniversalTagNumber.VisibleString or UniversalTagNumber.BMPString;

    private static string Canonical(string text)
    {
        var words = text.Split([' ', '\t', '\n', '\v', '\f', '\r'], StringSplitOptions.RemoveEmptyEntries);
        var lower = new StringBuilder(string.Join(' ', words));
        for (var i = 0; i < lower.Length; i++) lower[i] = char.IsAsciiLetterUpper(lower[i]) ? (char)(lower[i] | 0x20) : lower[i];
        return lower.ToString();
    }
}
