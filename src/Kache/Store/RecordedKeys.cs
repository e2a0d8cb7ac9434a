using System.IO.Pipelines;
using Kache.Exchanges;
using Kache.Exchanges.Bodies;

namespace Kache.Store;

/// <summary>Keys of recorded requests: they are derived, so the request's body is read where its meaning makes the key.</summary>
internal static class RecordedKeys
{
    /// <summary>A body that the store does not hold whole goes by its bytes: its request is found by the same bytes alone.</summary>
    public static async ValueTask<ExchangeKey> KeyOfAsync(this SealedRecording recording, Exchange exchange, CancellationToken cancellation)
    {
        var request = exchange.Request;
        if (!CanonicalBody.IsRead(request) || await HoldAsync(recording, request.Body, cancellation) is not { } body)
            return ExchangeKey.Of(request, request.Body.Digest);
        return ExchangeKey.Of(request, CanonicalBody.Of(request.Fields.Combined("content-type"), request.Fields.Combined("content-encoding"), body));
    }

    private static async ValueTask<ReadOnlyMemory<byte>?> HoldAsync(SealedRecording recording, Body body, CancellationToken cancellation)
    {
        using var reader = recording.OpenBody(body.Digest);
        if (reader?.Length != body.Length) return null;
        var held = new MemoryStream((int)body.Length);
        try
        {
            await reader.CopyRangeAsync(PipeWriter.Create(held, new StreamPipeWriterOptions(leaveOpen: true)), 0, body.Length, cancellation);
            return held.GetBuffer().AsMemory(0, (int)held.Length);
        }
        catch (CorruptBodyException)
        {
            return null;
        }
    }
}
