using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Kache.Interception;

/// <summary>How reading a name out of the first TLS record went.</summary>
internal enum HelloReading
{
    /// <summary>More bytes are needed.</summary>
    Unfinished,

    /// <summary>The whole hello was there.</summary>
    Done,

    /// <summary>It is not a hello that we can read; TLS itself will say what is wrong with it.</summary>
    Unreadable,
}

/// <summary>Reads the server's name out of a ClientHello that is still unopened (RFC 8446 §4.1.2, RFC 6066 §3). Pure.</summary>
internal static class ClientHello
{
    /// <summary>A hello that is longer than this is not looked into. Post-quantum key shares make hellos of 2 KiB.</summary>
    public const int Longest = 64 * 1024;

    private const int RecordHead = 5;
    private const byte Handshake = 22;
    private const byte Hello = 1;
    private const int ServerNameExtension = 0;
    private const byte HostName = 0;

    /// <param name="name">As sent; null when the hello has none.</param>
    public static HelloReading TryReadName(in ReadOnlySequence<byte> input, out string? name)
    {
        name = null;
        var length = (int)Math.Min(input.Length, Longest);
        var rented = ArrayPool<byte>.Shared.Rent(Math.Max(length, 1));
        try
        {
            input.Slice(0, length).CopyTo(rented);
            var reading = Join(rented.AsSpan(0, length), out var handshake);
            if (reading != HelloReading.Done) return reading == HelloReading.Unfinished && input.Length >= Longest ? HelloReading.Unreadable : reading;
            return TryReadHello(rented.AsSpan(0, handshake), out name) ? HelloReading.Done : HelloReading.Unreadable;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>A hello may be spread over several records: takes their heads out, in place.</summary>
    /// <param name="length">Bytes of the handshake message now at the buffer's start.</param>
    private static HelloReading Join(Span<byte> buffer, out int length)
    {
        length = 0;
        for (var at = 0; ;)
        {
            if (buffer.Length - at < RecordHead) return HelloReading.Unfinished;
            if (buffer[at] != Handshake) return HelloReading.Unreadable;
            var record = BinaryPrimitives.ReadUInt16BigEndian(buffer[(at + 3)..]);
            if (record == 0) return HelloReading.Unreadable;
            var there = Math.Min(record, buffer.Length - at - RecordHead);
            buffer.Slice(at + RecordHead, there).CopyTo(buffer[length..]);
            length += there;
            if (length >= 4)
            {
                if (buffer[0] != Hello) return HelloReading.Unreadable;
                var message = 4 + (buffer[1] << 16 | buffer[2] << 8 | buffer[3]);
                if (length >= message)
                {
                    length = message;
                    return HelloReading.Done;
                }
            }
            if (there < record) return HelloReading.Unfinished;
            at += RecordHead + record;
        }
    }

    private static bool TryReadHello(ReadOnlySpan<byte> message, out string? name)
    {
        name = null;
        // Type and length, legacy_version, random.
        var rest = message;
        if (!Skip(ref rest, 4 + 2 + 32)) return false;
        if (!TakeVector(ref rest, 1, out _) || !TakeVector(ref rest, 2, out _) || !TakeVector(ref rest, 1, out _)) return false;
        if (rest.IsEmpty) return true;
        if (!TakeVector(ref rest, 2, out var extensions)) return false;
        while (!extensions.IsEmpty)
        {
            if (extensions.Length < 2) return false;
            var type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
            extensions = extensions[2..];
            if (!TakeVector(ref extensions, 2, out var content)) return false;
            if (type == ServerNameExtension) return TryReadServerName(content, out name);
        }
        return true;
    }

    private static bool TryReadServerName(ReadOnlySpan<byte> content, out string? name)
    {
        name = null;
        if (!TakeVector(ref content, 2, out var list)) return false;
        while (!list.IsEmpty)
        {
            var type = list[0];
            list = list[1..];
            if (!TakeVector(ref list, 2, out var entry)) return false;
            if (type != HostName) continue;
            name = Encoding.Latin1.GetString(entry);
            return true;
        }
        return true;
    }

    private static bool Skip(ref ReadOnlySpan<byte> rest, int count)
    {
        if (rest.Length < count) return false;
        rest = rest[count..];
        return true;
    }

    /// <summary>A length of one or two bytes, then as many bytes (RFC 8446 §3.4).</summary>
    private static bool TakeVector(ref ReadOnlySpan<byte> rest, int lengthBytes, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (rest.Length < lengthBytes) return false;
        var length = lengthBytes == 1 ? rest[0] : BinaryPrimitives.ReadUInt16BigEndian(rest);
        rest = rest[lengthBytes..];
        if (rest.Length < length) return false;
        content = rest[..length];
        rest = rest[length..];
        return true;
    }
}
