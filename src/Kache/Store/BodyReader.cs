using System.IO.Pipelines;

namespace Kache.Store;

/// <summary>A body of the store, opened for reading. Every 1 MiB is checked against its sum before it is handed out.</summary>
internal sealed class BodyReader : IDisposable
{
    public long Length => throw new NotImplementedException();

    /// <summary>Writes the range to the pipe, flushing as it goes; ends early when the pipe's reader is done.</summary>
    /// <exception cref="CorruptBodyException">The stored bytes are not those that were recorded; bytes before were right.</exception>
    public ValueTask CopyRangeAsync(PipeWriter destination, long offset, long length, CancellationToken cancellation) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
