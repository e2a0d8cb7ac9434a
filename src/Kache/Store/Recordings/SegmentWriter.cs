using System.Buffers;
using System.Security.Cryptography;
using Kache.Exchanges;
using Kache.Store.Bodies;
using Kache.Store.Folder;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store.Recordings;

/// <summary>
/// Writes records one after the other into a file that is named by its digest. Its owner says when it ends.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    private const int BufferSize = 256 * 1024;
    private const int LongestNumber = 10;

    private readonly StorePaths _paths;
    private readonly string _unfinished;
    private readonly SafeFileHandle _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _held;
    private long _count;
    private bool _published;

    public SegmentWriter(StorePaths paths, SessionBodies session, ReadOnlySpan<byte> head)
    {
        _paths = paths;
        _file = session.CreateTemporary(out _unfinished);
        Put(head);
    }

    /// <summary>Bytes so far, the head too.</summary>
    public long Length { get; private set; }

    public void Append(ReadOnlySpan<byte> record)
    {
        Span<byte> size = stackalloc byte[LongestNumber];
        Put(size[..WriteNumber(size, record.Length)]);
        Put(record);
        _count++;
    }

    /// <summary>What a record of this size takes, its own size included.</summary>
    public static long SizeOf(int record)
    {
        Span<byte> size = stackalloc byte[LongestNumber];
        return WriteNumber(size, record) + record;
    }

    /// <summary>Flushed and under its name when this returns.</summary>
    public SegmentReference Publish()
    {
        WriteHeld();
        var digest = new Digest(_hash.GetHashAndReset());
        Disk.Publish(_file, _unfinished, _paths.Segment(digest));
        _published = true;
        return new SegmentReference(_count, Length, digest);
    }

    public void Dispose()
    {
        if (!_published) File.Delete(_unfinished);
        _file.Dispose();
        _hash.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
    }

    private static int WriteNumber(Span<byte> into, int value)
    {
        var size = 0;
        var rest = (uint)value;
        for (; rest >= 0x80; rest >>= 7) into[size++] = (byte)(rest | 0x80);
        into[size++] = (byte)rest;
        return size;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        while (bytes.Length > 0)
        {
            if (_held == BufferSize) WriteHeld();
            var fits = Math.Min(bytes.Length, BufferSize - _held);
            bytes[..fits].CopyTo(_buffer.AsSpan(_held));
            bytes = bytes[fits..];
            _held += fits;
            Length += fits;
        }
    }

    private void WriteHeld()
    {
        RandomAccess.Write(_file, _buffer.AsSpan(0, _held), Length - _held);
        _held = 0;
    }
}
