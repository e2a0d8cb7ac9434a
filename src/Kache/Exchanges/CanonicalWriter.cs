using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Kache.Exchanges;

/// <summary>
/// Builds the one byte string of a value (docs/store-format.md, "Encodings") in pooled memory. A head of fixed size
/// can be left free in front, for whoever frames it.
/// </summary>
internal sealed class CanonicalWriter : IDisposable
{
    // A usual exchange with its fields fits.
    private const int InitialSize = 4096;

    private readonly int _head;
    private byte[] _buffer;
    private int _length;

    public CanonicalWriter(int head = 0)
    {
        _head = head;
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(InitialSize, head));
        _length = head;
    }

    /// <summary>What was written, without the head.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(_head, _length - _head);

    /// <summary>Head and what was written, for its owner to fill the head.</summary>
    public Span<byte> Frame => _buffer.AsSpan(0, _length);

    /// <summary>Head and what was written; valid until disposed.</summary>
    public ReadOnlyMemory<byte> All => _buffer.AsMemory(0, _length);

    public void Byte(byte value) => Take(1)[0] = value;

    /// <summary>Unsigned LEB128 in its shortest form.</summary>
    public void Number(ulong value)
    {
        while (value >= 0x80)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }
        Byte((byte)value);
    }

    public void Number(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        Number((ulong)value);
    }

    public void Time(DateTimeOffset time) =>
        BinaryPrimitives.WriteInt64LittleEndian(Take(8), (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Number(bytes.Length);
        bytes.CopyTo(Take(bytes.Length));
    }

    /// <summary>Text that stands for bytes, one character each.</summary>
    /// <exception cref="ArgumentException">A character is no byte.</exception>
    public void Latin1(string text)
    {
        if (text.AsSpan().ContainsAnyExceptInRange('\0', '\u00ff'))
            throw new ArgumentException($"'{text}' is not Latin-1, so it does not stand for bytes.", nameof(text));
        Number(text.Length);
        Encoding.Latin1.GetBytes(text, Take(text.Length));
    }

    public void Utf8(string text)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        Number(size);
        Encoding.UTF8.GetBytes(text, Take(size));
    }

    public void Digest(Digest digest) => digest.CopyTo(Take(Exchanges.Digest.Size));

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0) ArrayPool<byte>.Shared.Return(buffer);
    }

    private Span<byte> Take(int size)
    {
        if (_buffer.Length - _length < size) Grow(size);
        var taken = _buffer.AsSpan(_length, size);
        _length += size;
        return taken;
    }

    private void Grow(int size)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(_length + size), _buffer.Length * 2));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
