using System.Buffers;
using System.IO.Pipelines;
using Kache.Exchanges;
using Kache.Playback.Matching;
using Kache.Store;
using Microsoft.AspNetCore.Http;

namespace Kache.Playback;

/// <summary>How an answer went out.</summary>
/// <param name="Bytes">Of the body, where it went out to its end.</param>
/// <param name="As">What was made of it; <see cref="MadeAs.Damaged"/> when the store let it down.</param>
/// <param name="BrokenOff">The client went away before the end.</param>
/// <param name="Failure">For <see cref="MadeAs.Damaged"/>: what is wrong.</param>
internal readonly record struct Delivery(long Bytes, MadeAs As, bool BrokenOff = false, string? Failure = null);

/// <summary>Streams recorded answers from the store to the client. Never ends cleanly what is not whole.</summary>
internal sealed class AnswerWriter(SealedRecording recording)
{
    public async ValueTask<Delivery> SendAsync(HttpContext context, RecordedAnswer answer, Making making)
    {
        var aborted = context.RequestAborted;
        try
        {
            var bytes = await (making.As switch
            {
                MadeAs.Recorded or MadeAs.Failure => SendWholeAsync(context, answer, aborted),
                MadeAs.Decoded => SendDecodedAsync(context, answer, aborted),
                MadeAs.Incomplete => SendBeginningAsync(context, answer, making.Decode, aborted),
                MadeAs.Range => SendRangesAsync(context, answer, making.Ranges!, aborted),
                MadeAs.NotModified => SendHead(context, ResponseHead.NotModified(answer, making.Decode)),
                MadeAs.RangeNotSatisfiable => SendHead(context, ResponseHead.NotSatisfiable(answer)),
                _ => throw new InvalidOperationException($"Nothing is made {making.As} on purpose"),
            });
            // Kestrel drops what is written to a client that has gone, and says so here. What is broken off by us is not.
            return new Delivery(bytes, making.As, aborted.IsCancellationRequested && making.As != MadeAs.Incomplete);
        }
        catch (OperationCanceledException)
        {
            return new Delivery(0, making.As, BrokenOff: true);
        }
        catch (IOException) when (aborted.IsCancellationRequested)
        {
            return new Delivery(0, making.As, BrokenOff: true);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            context.Abort();
            return new Delivery(0, MadeAs.Damaged, Failure: e.Message);
        }
    }

    private static ValueTask<long> SendHead(HttpContext context, ResponseHead head)
    {
        head.WriteTo(context);
        return ValueTask.FromResult(0L);
    }

    private ValueTask<long> SendWholeAsync(HttpContext context, RecordedAnswer answer, CancellationToken aborted)
    {
        var response = answer.Exchange.Response;
        if (!TakesBody(context, response.Status)) return SendHead(context, ResponseHead.Of(answer));
        if (response.Body.Length == 0) return SendEmptyAsync(context, answer);
        if (response.Trailers.Count > 0) return new ValueTask<long>(SendWithTrailersAsync(context, answer, aborted));
        return SendBodyAsync(context, answer, aborted);
    }

    private async ValueTask<long> SendBodyAsync(HttpContext context, RecordedAnswer answer, CancellationToken aborted)
    {
        using var body = OpenBody(answer);
        ResponseHead.Of(answer).WriteTo(context);
        return await CopyAsync(body, context.Response.BodyWriter, aborted);
    }

    private static async ValueTask<long> SendEmptyAsync(HttpContext context, RecordedAnswer answer)
    {
        var head = ResponseHead.Of(answer);
        head.WriteTo(context);
        // Or Kestrel would give a length to a body that was recorded without one.
        if (head.Length is null) await context.Response.StartAsync();
        foreach (var (name, value) in answer.Exchange.Response.Trailers)
            if (context.Response.SupportsTrailers()) context.Response.AppendTrailer(name, FieldValue.Sendable(value));
        return 0;
    }

    private async Task<long> SendWithTrailersAsync(HttpContext context, RecordedAnswer answer, CancellationToken aborted)
    {
        var trailers = answer.Exchange.Response.Trailers;
        var head = ResponseHead.Of(answer);
        using var body = OpenBody(answer);
        head.WriteTo(context);
        if (IsHttp11(context) && head.Length is null)
        {
            context.Response.Headers.TransferEncoding = "chunked";
            return await ChunkedBody.CopyAsync((writer, stop) => CopyAsync(body, writer, stop), context.Response.BodyWriter, trailers, aborted);
        }
        var bytes = await CopyAsync(body, context.Response.BodyWriter, aborted);
        if (context.Response.SupportsTrailers())
            foreach (var (name, value) in trailers) context.Response.AppendTrailer(name, FieldValue.Sendable(value));
        return bytes;
    }

    private async ValueTask<long> SendDecodedAsync(HttpContext context, RecordedAnswer answer, CancellationToken aborted)
    {
        var head = ResponseHead.Decoded(answer);
        if (!TakesBody(context, answer.Status) || answer.Exchange.Response.Body.Length == 0) return await SendHead(context, head);
        using var body = Open(answer);
        head.WriteTo(context);
        return await BodyDecoding.CopyAsync(body, answer.Codings!, context.Response.BodyWriter, aborted);
    }

    /// <summary>The kept bytes, then the same break as the client saw while recording (BEHAVIOUR H11).</summary>
    private async ValueTask<long> SendBeginningAsync(HttpContext context, RecordedAnswer answer, bool decode, CancellationToken aborted)
    {
        var head = decode ? ResponseHead.Decoded(answer) : ResponseHead.Of(answer);
        if (!TakesBody(context, answer.Status)) return await SendHead(context, head);
        using var body = answer.Exchange.Response.Body.Length == 0 ? null : Open(answer);
        var kept = body is null ? 0 : head.Length is { } said ? Math.Min(said, body.Length) : body.Length;
        async Task<long> Beginning(PipeWriter writer, CancellationToken stop)
        {
            if (body is null) return 0;
            if (decode) return await DecodeBeginningAsync(body, answer, writer, stop);
            await body.CopyRangeAsync(writer, 0, kept, stop);
            return kept;
        }
        head.WriteTo(context);
        return await Break.AfterAsync(context, Beginning, head.Length, kept, aborted);
    }

    // A beginning ends in the middle of its coding; what could be decoded was sent.
    private static async Task<long> DecodeBeginningAsync(BodyReader body, RecordedAnswer answer, PipeWriter writer, CancellationToken stop)
    {
        try
        {
            return await BodyDecoding.CopyAsync(body, answer.Codings!, writer, stop);
        }
        catch (InvalidDataException)
        {
            return 0;
        }
    }

    private async ValueTask<long> SendRangesAsync(HttpContext context, RecordedAnswer answer, IReadOnlyList<ByteRange> ranges, CancellationToken aborted)
    {
        using var body = OpenBody(answer);
        var writer = context.Response.BodyWriter;
        if (ranges is [var only])
        {
            ResponseHead.Partial(answer, only).WriteTo(context);
            await body.CopyRangeAsync(writer, only.First, only.Length, aborted);
            return only.Length;
        }
        var response = answer.Exchange.Response;
        var multipart = new MultipartRanges(response.Body, response.Fields.First("content-type"), ranges);
        ResponseHead.Multipart(answer, multipart.ContentType, multipart.Length).WriteTo(context);
        foreach (var (head, range) in multipart.Parts)
        {
            writer.Write(head);
            await body.CopyRangeAsync(writer, range.First, range.Length, aborted);
        }
        writer.Write(multipart.End);
        await writer.FlushAsync(aborted);
        return multipart.Length;
    }

    private AnswerBody OpenBody(RecordedAnswer answer) =>
        answer.Joined is { } joined ? new AnswerBody(joined, answer.Exchange.Response.Body.Length, Open) : new AnswerBody(Open(answer.Exchange.Response.Body));

    private BodyReader Open(RecordedAnswer answer) => Open(answer.Exchange.Response.Body);

    private BodyReader Open(Body body)
    {
        var reader = recording.OpenBody(body.Digest) ?? throw new CorruptBodyException(body.Digest, "the store does not hold it");
        if (reader.Length == body.Length) return reader;
        reader.Dispose();
        throw new CorruptBodyException(body.Digest, "its length is another");
    }

    private static async Task<long> CopyAsync(AnswerBody body, PipeWriter writer, CancellationToken aborted)
    {
        await body.CopyRangeAsync(writer, 0, body.Length, aborted);
        return body.Length;
    }

    private static bool TakesBody(HttpContext context, int status) => context.Request.Method != "HEAD" && ResponseHead.HasBody(status);

    private static bool IsHttp11(HttpContext context) => HttpProtocol.IsHttp11(context.Request.Protocol);
}
