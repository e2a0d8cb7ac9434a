using System.Globalization;
using System.Net.Http;
using System.Net.Http.Headers;
using Kache.Exchanges;

namespace Kache.Recording;

/// <summary>
/// How an origin's response body is delimited, by RFC 9112 §6.3, and whether the head contradicts itself.
/// SocketsHttpHandler is lenient where a message may be smuggled: two lengths, or a length beside chunking. Pure.
/// </summary>
/// <param name="Length">Promised bytes; null when the head promises none.</param>
/// <param name="Fault">Why a body under this head is never whole, one sentence; null when the head is sound.</param>
internal readonly record struct BodyPlan(Framing Framing, long? Length, string? Fault)
{
    public static BodyPlan Of(HttpMethod method, HttpResponseMessage response)
    {
        var lengths = Values(response.Content.Headers.NonValidated, "Content-Length");
        var codings = Values(response.Headers.NonValidated, "Transfer-Encoding");
        return Of(method == HttpMethod.Head, (int)response.StatusCode, response.Version.Major >= 2, lengths, codings);
    }

    public static BodyPlan Of(bool head, int status, bool multiplexed, IReadOnlyList<string> lengths, IReadOnlyList<string> codings)
    {
        if (!TryLength(lengths, out var length, out var fault)) return new BodyPlan(Framing.Close, null, fault);
        // The length of what a GET would have got: nothing follows.
        if (head || status is 204 or 304) return new BodyPlan(Framing.None, length, null);
        if (codings.Count > 0 && !multiplexed)
        {
            if (codings.Count > 1 || !codings[0].Trim().Equals("chunked", StringComparison.OrdinalIgnoreCase))
                return new BodyPlan(Framing.Chunked, null, $"The origin used a transfer coding that nobody asked for: {string.Join(", ", codings)}.");
            if (length is not null) return new BodyPlan(Framing.Chunked, null, "The origin sent a Content-Length beside chunked framing.");
            return new BodyPlan(Framing.Chunked, null, null);
        }
        if (length is not null) return new BodyPlan(Framing.Length, length, null);
        return new BodyPlan(multiplexed ? Framing.Chunked : Framing.Close, null, null);
    }

    private static bool TryLength(IReadOnlyList<string> lines, out long? length, out string? fault)
    {
        length = null;
        fault = null;
        foreach (var line in lines)
        {
            if (!long.TryParse(line.AsSpan().Trim(" \t"), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                fault = $"The origin's Content-Length '{line}' is not a number.";
                return false;
            }
            if (length is not null && length != value)
            {
                fault = $"The origin sent two lengths, {length} and {value}.";
                return false;
            }
            length = value;
        }
        return true;
    }

    private static IReadOnlyList<string> Values(HttpHeadersNonValidated headers, string name) =>
        headers.TryGetValues(name, out var values) ? [.. values] : [];
}
