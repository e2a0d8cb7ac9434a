using System.IO.Pipelines;
using Kache.Exchanges;
using Kache.Playback.Matching;
using Kache.Store;

namespace Kache.Playback;

/// <summary>The body of an answer, opened for sending: one of the store, or pieces of several.</summary>
internal sealed class AnswerBody : IDisposable
{
    private readonly BodyReader? _reader;
    private readonly JoinedBody? _joined;
    private readonly Func<Body, BodyReader>? _open;

    public AnswerBody(BodyReader reader) => (_reader, Length) = (reader, reader.Length);

    public AnswerBody(JoinedBody joined, long length, Func<Body, BodyReader> open) => (_joined, Length, _open) = (joined, length, open);

    public long Length { get; }

    /// <exception cref="CorruptBodyException">The stored bytes are not those that were recorded; bytes before were right.</exception>
    /// <exception cref="OperationCanceledException">The client went away before all of it was written: its pipe knows that before anybody else.</exception>
    public async ValueTask CopyRangeAsync(PipeWriter destination, long offset, long length, CancellationToken cancellation)
    {
        var copying = _reader?.CopyRangeAsync(destination, offset, length, cancellation) ?? CopyPartsAsync(destination, offset, length, cancellation);
        if (!await copying) throw new OperationCanceledException("The client went away.");
    }

    public void Dispose() => _reader?.Dispose();

    private async ValueTask<bool> CopyPartsAsync(PipeWriter destination, long offset, long length, CancellationToken cancellation)
    {
        foreach (var part in _joined!.Parts(offset, length))
        {
            using var piece = _open!(part.Body);
            if (!await piece.CopyRangeAsync(destination, part.Offset, part.Length, cancellation)) return false;
        }
        return true;
    }
}
