using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Kache.Exchanges;
using Kache.Store;

namespace Kache.Playback.Questions;

/// <summary>Reads stored bodies from their first byte to their last and compares their SHA-256 with their names.</summary>
internal static class BodyCheck
{
    /// <returns>Null when the body is what was recorded.</returns>
    public static async Task<Problem?> RunAsync(SealedRecording recording, Body body, CancellationToken cancellation)
    {
        try
        {
            using var reader = recording.OpenBody(body.Digest);
            if (reader is null) return Problem.OfBody(body.Digest, "the store does not hold it");
            if (reader.Length != body.Length) return Problem.OfBody(body.Digest, $"it has {reader.Length} bytes and should have {body.Length}");
            return await HashAsync(reader, cancellation) is { } digest && digest == body.Digest ? null : Problem.OfBody(body.Digest, "its bytes have another digest");
        }
        catch (IOException e)
        {
            return Problem.OfBody(body.Digest, e.Message);
        }
    }

    private static async Task<Digest> HashAsync(BodyReader reader, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var pipe = new Pipe();
        var reading = FillAsync(reader, pipe.Writer, cancellation);
        try
        {
            while (true)
            {
                var read = await pipe.Reader.ReadAsync(cancellation);
                foreach (var segment in read.Buffer) hash.AppendData(segment.Span);
                pipe.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }
        }
        finally
        {
            await pipe.Reader.CompleteAsync();
            await reading;
        }
        return new Digest(hash.GetHashAndReset());
    }

    private static async Task FillAsync(BodyReader reader, PipeWriter writer, CancellationToken cancellation)
    {
        try
        {
            await reader.CopyRangeAsync(writer, 0, reader.Length, cancellation);
        }
        finally
        {
            await writer.CompleteAsync();
        }
    }
}
