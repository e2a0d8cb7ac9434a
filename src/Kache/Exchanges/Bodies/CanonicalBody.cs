namespace Kache.Exchanges.Bodies;

/// <summary>
/// What a request body means, as a digest: two bodies that say the same have the same one (BEHAVIOUR H3, C1). Which
/// differences say nothing, and why, is in docs/matching.md. Recording and playback compute it alike; it is never kept
/// under a digest. Whoever changes a rule here raises <see cref="ExchangeKey.Rules"/>. Pure.
/// </summary>
internal static class CanonicalBody
{
    // Held in memory while it is read. Audit requests of the largest projects and fetches of repositories with tens of
    // thousands of references stay below it; what is larger is an upload, and goes by its bytes.
    public const int LongestRead = 4 * 1024 * 1024;

    // The same bodies with their content coding undone: text shrinks to a quarter and less.
    private const int LongestDecoded = 4 * LongestRead;

    /// <summary>False: such a body goes by the bytes that were received, and they need not be read again.</summary>
    public static bool IsRead(string? contentType, string? contentEncoding) =>
        BodyForms.Of(contentType) != BodyForm.Bytes || ContentCodings.Applied(contentEncoding) is not null;

    public static bool IsRead(RecordedRequest request) =>
        request.Body is { Kept: true, Length: > 0 and <= LongestRead }
        && IsRead(request.Fields.Combined("content-type"), request.Fields.Combined("content-encoding"));

    /// <param name="body">As received; at most <see cref="LongestRead"/> bytes.</param>
    /// <param name="ignored">Fields that are left out.</param>
    public static Digest Of(string? contentType, string? contentEncoding, ReadOnlyMemory<byte> body, IgnoredFields? ignored = null)
    {
        if (body.IsEmpty) return Digest.Empty;
        if (ContentCodings.Applied(contentEncoding) is { } codings)
        {
            // What cannot be undone, or grows beyond all measure, goes by the bytes that were received.
            if (!ContentDecoding.TryUndo(codings, body, LongestDecoded, out var decoded)) return Digest.Of(body.Span);
            body = decoded;
        }
        return Of(contentType, body.Span, ignored ?? IgnoredFields.None, depth: 0);
    }

    internal static Digest Of(string? contentType, ReadOnlySpan<byte> body, IgnoredFields ignored, int depth)
    {
        var understood = BodyForms.Of(contentType) switch
        {
            BodyForm.Json => JsonMeaning.Of(body, ignored),
            BodyForm.Form => FormMeaning.Of(body, ignored),
            BodyForm.Multipart => MultipartMeaning.Of(contentType!, body, ignored, depth),
            BodyForm.Git => GitMeaning.Of(body),
            _ => null,
        };
        // What is not what it is called is taken by its bytes.
        return understood ?? Digest.Of(body);
    }
}
