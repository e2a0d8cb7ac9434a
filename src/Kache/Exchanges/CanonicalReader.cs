using System.Buffers.Binary;
using System.Text;

namespace Kache.Exchanges;

/// <summary>Reads what <see cref="CanonicalWriter"/> wrote, and refuses any other way to write the same value.</summary>
internal ref struct CanonicalReader(ReadOnlySpan<byte> bytes)
{
    private const int LongestNumber = 10;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = bytes;

    public readonly int Remaining => _rest.Length;

    public byte Byte() => Take(1)[0];

    public ulong Number()
    {
        var value = 0UL;
        for (var i = 0; i < LongestNumber; i++)
        {
            var next = Byte();
            // The tenth byte has room for one bit.
            if (i == LongestNumber - 1 && next > 1) throw Malformed("a number is too large");
            value |= (ulong)(next & 0x7f) << (7 * i);
            if (next >= 0x80) continue;
            if (next == 0 && i > 0) throw Malformed("a number is not in its shortest form");
            return value;
        }
        throw Malformed("a number has no end");
    }

    /// <param name="most">What the value may be at most.</param>
    public long Number(long most)
    {
        var value = Number();
        return value <= (ulong)most ? (long)value : throw Malformed("a number is out of its range");
    }

    public DateTimeOffset Time()
    {
        var microseconds = BinaryPrimitives.ReadInt64LittleEndian(Take(8));
        var most = (DateTimeOffset.MaxValue.Ticks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
        var least = -DateTimeOffset.UnixEpoch.Ticks / TimeSpan.TicksPerMicrosecond;
        if (microseconds < least || microseconds > most) throw Malformed("a time is out of its range");
        return DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
    }

    public ReadOnlySpan<byte> Bytes() => Take((int)Number(Remaining));

    public string Latin1() => Encoding.Latin1.GetString(Bytes());

    public string Utf8()
    {
        try
        {
            return StrictUtf8.GetString(Bytes());
        }
        catch (DecoderFallbackException)
        {
            throw Malformed("a text is not UTF-8");
        }
    }

    public Digest Digest() => new(Take(Exchanges.Digest.Size));

    /// <exception cref="InvalidDataException">Something follows.</exception>
    public readonly void End()
    {
        if (_rest.Length > 0) throw Malformed("something follows its end");
    }

    public static InvalidDataException Malformed(string what) => new($"The encoded value is malformed: {what}.");

    private ReadOnlySpan<byte> Take(int size)
    {
        if (size > _rest.Length) throw Malformed("it ends early");
        var taken = _rest[..size];
        _rest = _rest[size..];
        return taken;
    }
}
