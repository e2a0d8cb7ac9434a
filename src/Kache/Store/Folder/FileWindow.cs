using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store.Folder;

/// <summary>A file read from its beginning to its end through one buffer, whose pieces come as spans.</summary>
internal sealed class FileWindow(SafeFileHandle file) : IDisposable
{
    // Large enough that a scan is limited by the disk, small enough to be nothing.
    private const int Ahead = 256 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(Ahead);
    private long _start;
    private int _length;

    public long FileLength { get; } = RandomAccess.GetLength(file);

    /// <summary>Bytes of the file, fewer at its end; valid until the next call.</summary>
    public ReadOnlySpan<byte> At(long offset, int count)
    {
        count = (int)Math.Min(count, Math.Max(0, FileLength - offset));
        if (offset < _start || offset + count > _start + _length) Fill(offset, count);
        return offset + count > _start + _length
            ? _buffer.AsSpan((int)(offset - _start), (int)Math.Max(0, _start + _length - offset))
            : _buffer.AsSpan((int)(offset - _start), count);
    }

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Fill(long offset, int count)
    {
        if (count > _buffer.Length)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(count);
        }
        (_start, _length) = (offset, 0);
        while (_length < count || _length == 0)
        {
            var read = RandomAccess.Read(file, _buffer.AsSpan(_length), offset + _length);
            if (read == 0) return;
            _length += read;
        }
    }
}
