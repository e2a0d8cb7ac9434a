using System.Buffers.Binary;

namespace Kache.Dns.Messages;

/// <summary>
/// The answers of an upstream's message, ready to go out under another question of the same name: lives are shortened,
/// nothing else is touched. Additional records stay behind: EDNS is between neighbours, and addresses that come along
/// with an SRV or MX would lead past the proxy. Pure.
/// </summary>
internal readonly ref struct KeptMessage
{
    public ResponseCode Code { get; private init; }

    public int Answers { get; private init; }

    public int Authorities { get; private init; }

    /// <summary>Answers and authorities. Pointers in them hold, since they stand as far behind the header as they did.</summary>
    public ReadOnlySpan<byte> Records { get; private init; }

    /// <param name="question">Name, type and class, as the client asked.</param>
    public static bool TryRead(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question, int longestTtl, out KeptMessage kept)
    {
        kept = default;
        var recordsAt = DnsHeader.Size + question.Length;
        if (!DnsHeader.TryRead(message, out var header) || header.Questions != 1 || message.Length < recordsAt) return false;
        if (!WireName.AreSame(message.Slice(DnsHeader.Size, question.Length - 4), question[..^4])
            || !message.Slice(recordsAt - 4, 4).SequenceEqual(question[^4..])) return false;

        var copy = message.ToArray();
        var count = header.Answers + header.Authorities;
        var end = recordsAt;
        for (var i = 0; i < count; i++)
        {
            if (!RecordHead.TryRead(message, ref end, out var record)) return false;
            if (record.Ttl > longestTtl) BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan(record.TtlAt), (uint)longestTtl);
        }
        // A name that hid in a shortened life, or in what stays behind, would be another one now.
        var again = recordsAt;
        for (var i = 0; i < count; i++)
            if (!RecordHead.TryRead(copy.AsSpan(0, end), ref again, out _)) return false;
        kept = new KeptMessage { Code = header.Code, Answers = header.Answers, Authorities = header.Authorities, Records = copy.AsSpan(recordsAt, end - recordsAt) };
        return true;
    }
}
