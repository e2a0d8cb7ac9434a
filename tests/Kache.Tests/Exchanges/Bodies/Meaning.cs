using System.Text;
using CsCheck;
using Kache.Exchanges;
using Kache.Exchanges.Bodies;

namespace Kache.Tests.Exchanges.Bodies;

/// <summary>Bodies in few words.</summary>
internal static class Meaning
{
    public const string Json = "application/json";
    public const string Form = "application/x-www-form-urlencoded";
    public const string Fetch = "application/x-git-upload-pack-request";
    public const string Push = "application/x-git-receive-pack-request";

    public static Digest Of(string? type, string body, params string[] ignored) =>
        CanonicalBody.Of(type, null, Encoding.UTF8.GetBytes(body), new IgnoredFields(ignored));

    public static Digest OfBytes(string? type, byte[] body, string? encoding = null) => CanonicalBody.Of(type, encoding, body);

    public static Gen<T> Any<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(at => values[at]);

    /// <summary>Lines as pkt-lines: <c>-</c> is a flush, <c>|</c> a delimiter, anything else a line with its LF.</summary>
    public static string Pkt(params string[] lines) => string.Concat(lines.Select(line => line switch
    {
        "-" => "0000",
        "|" => "0001",
        _ => $"{line.Length + 5:x4}{line}\n",
    }));
}
