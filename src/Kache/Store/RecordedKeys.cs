using Kache.Exchanges;
using Kache.Exchanges.Bodies;

namespace Kache.Store;

/// <summary>Keys of recorded requests. They are derived: the request's body is read where its meaning makes the key.</summary>
internal static class RecordedKeys
{
    /// <param name="ignored">Fields of the body that are left out.</param>
    public static ExchangeKey KeyOf(this SealedRecording recording, RecordedRequest request, IgnoredFields? ignored = null) => Of(request, recording.OpenBody, ignored);

    /// <summary>A body that the store does not hold whole goes by its digest: its request is found by the same bytes alone.</summary>
    public static ExchangeKey Of(RecordedRequest request, Func<Digest, BodyReader?> open, IgnoredFields? ignored = null)
    {
        if (!CanonicalBody.IsRead(request) || Hold(request.Body, open) is not { } body) return ExchangeKey.Of(request, request.Body.Digest);
        return ExchangeKey.Of(request, CanonicalBody.Of(request.Fields.Combined("content-type"), request.Fields.Combined("content-encoding"), body, ignored));
    }

    private static byte[]? Hold(Body body, Func<Digest, BodyReader?> open)
    {
        using var reader = open(body.Digest);
        if (reader?.Length != body.Length) return null;
        try
        {
            return reader.Hold();
        }
        catch (CorruptBodyException)
        {
            return null;
        }
    }
}
