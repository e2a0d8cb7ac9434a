using System.IO.Pipelines;
using Kache.Exchanges;

namespace Kache.Playback;

/// <summary>
/// A body that is put into chunks as it comes from a source that writes to a pipe: see <see cref="ChunkedCoding"/>.
/// </summary>
internal static class ChunkedBody
{
    /// <param name="source">Writes the body.</param>
    /// <param name="destination">The response.</param>
    /// <param name="trailers">Null: the body is broken off where it ends, without the last chunk.</param>
    /// <returns>What the source returned.</returns>
    public static async Task<long> CopyAsync(
        Func<PipeWriter, CancellationToken, Task<long>> source, PipeWriter destination, Fields? trailers, CancellationToken cancellation)
    {
        var pipe = new Pipe();
        var filling = FillAsync(source, pipe.Writer, cancellation);
        try
        {
            await FrameAsync(pipe.Reader, destination, cancellation);
        }
        finally
        {
            await pipe.Reader.CompleteAsync();
        }
        var length = await filling;
        if (trailers is not null) ChunkedCoding.WriteEnd(destination, trailers);
        await destination.FlushAsync(cancellation);
        return length;
    }

    private static async Task<long> FillAsync(Func<PipeWriter, CancellationToken, Task<long>> source, PipeWriter writer, CancellationToken cancellation)
    {
        try
        {
            return await source(writer, cancellation);
        }
        finally
        {
            // Whoever reads sees the end; whoever awaits this sees the failure.
            await writer.CompleteAsync();
        }
    }

    private static async Task FrameAsync(PipeReader body, PipeWriter destination, CancellationToken cancellation)
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellation);
            foreach (var segment in read.Buffer) ChunkedCoding.WriteChunk(destination, segment.Span);
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted || (await destination.FlushAsync(cancellation)).IsCompleted) return;
        }
    }
}
