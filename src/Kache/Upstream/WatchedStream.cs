namespace Kache.Upstream;

/// <summary>
/// An HTTP/1.1 connection's plain bytes, passed on as they are, with an eye on the 1xx answers in them
/// (BEHAVIOUR H13). SocketsHttpHandler sends one request at a time, so whatever is written after a final answer
/// has begun is the next request; at worst the rest of a request's body, which makes no difference.
/// </summary>
internal sealed class WatchedStream(Stream inner) : Stream
{
    private readonly Lock _reading = new();
    private readonly InterimReader _reader = new();
    private volatile bool _passing;
    private InterimAnswers? _answers;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _passing || buffer.IsEmpty ? inner.ReadAsync(buffer, cancellationToken) : LookAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Begin();
        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = inner.Read(buffer, offset, count);
        Look(buffer.AsSpan(offset, read));
        return read;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        Begin();
        inner.Write(buffer, offset, count);
    }

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask<int> LookAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        var read = await inner.ReadAsync(buffer, cancellation);
        Look(buffer.Span[..read]);
        return read;
    }

    private void Look(ReadOnlySpan<byte> bytes)
    {
        lock (_reading)
        {
            _reader.Read(bytes, Seen);
            _passing = _reader.IsFinal;
        }
    }

    private void Begin()
    {
        lock (_reading)
        {
            _answers = InterimAnswers.OfThisRequest;
            if (!_reader.IsFinal) return;
            _reader.Begin();
            _passing = false;
        }
    }

    private void Seen(int status) => _answers?.Add(status);
}
