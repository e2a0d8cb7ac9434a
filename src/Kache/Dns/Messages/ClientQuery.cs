using System.Buffers.Binary;

namespace Kache.Dns.Messages;

/// <summary>What a client's EDNS record says (RFC 6891 §6.1).</summary>
/// <param name="PayloadSize">The largest UDP answer that it takes, as it says.</param>
/// <param name="DnssecOk">Goes back as it came (RFC 3225 §3).</param>
internal readonly record struct ClientEdns(int PayloadSize, int Version, bool DnssecOk);

/// <summary>A query as it came from a client, or as far as it could be read. Pure; hostile bytes are values, not exceptions.</summary>
internal sealed class ClientQuery
{
    public const int InternetClass = 1;

    private const int OpcodeQuery = 0;

    private ClientQuery(DnsHeader header) => Header = header;

    public DnsHeader Header { get; }

    /// <summary>NoError when it can be answered; else what the answer has to say.</summary>
    public ResponseCode Fault { get; private init; }

    /// <summary>The question's bytes, name in the client's case, type and class; empty when there is no readable one.</summary>
    public ReadOnlyMemory<byte> Question { get; private init; }

    /// <summary>Lower case, no trailing dot; empty for the root.</summary>
    public string Name { get; private init; } = "";

    public int Type { get; private init; }

    public int Class { get; private init; }

    public ClientEdns? Edns { get; private init; }

    /// <returns>Null for what gets no answer: too short to have an id, or itself an answer (two servers would never end).</returns>
    public static ClientQuery? Read(ReadOnlySpan<byte> message)
    {
        if (!DnsHeader.TryRead(message, out var header) || header.IsResponse) return null;
        if (header.Opcode != OpcodeQuery) return new ClientQuery(header) { Fault = ResponseCode.NotImplemented };
        if (header.Questions != 1) return new ClientQuery(header) { Fault = ResponseCode.FormatError };

        var offset = DnsHeader.Size;
        Span<byte> name = stackalloc byte[WireName.Longest];
        if (!WireName.TryRead(message, ref offset, name, out var length) || offset + 4 > message.Length)
            return new ClientQuery(header) { Fault = ResponseCode.FormatError };
        var question = new byte[length + 4];
        name[..length].CopyTo(question);
        message.Slice(offset, 4).CopyTo(question.AsSpan(length));
        var sound = TryReadRecords(message, header, offset + 4, out var edns);
        var type = BinaryPrimitives.ReadUInt16BigEndian(question.AsSpan(length));
        return new ClientQuery(header)
        {
            Question = question,
            Name = WireName.ToText(question.AsSpan(0, length)),
            Type = type,
            Class = BinaryPrimitives.ReadUInt16BigEndian(question.AsSpan(length + 2)),
            Edns = edns,
            // An OPT record belongs beside a question and cannot be asked for.
            Fault = !sound || type is 0 or RecordType.Opt ? ResponseCode.FormatError : edns is { Version: not 0 } ? ResponseCode.BadVersion : ResponseCode.NoError,
        };
    }

    /// <summary>A query has no answers; beside EDNS it may have records that mean nothing to Kache (TSIG, SIG(0)).</summary>
    private static bool TryReadRecords(ReadOnlySpan<byte> message, DnsHeader header, int offset, out ClientEdns? edns)
    {
        edns = null;
        if (header.Answers > 0 || header.Authorities > 0) return false;
        for (var i = 0; i < header.Additionals; i++)
        {
            if (!RecordHead.TryRead(message, ref offset, out var record)) return false;
            if (record.Type != RecordType.Opt) continue;
            // More than one, or one that is not the root's, is a format error (RFC 6891 §6.1.1).
            if (edns is not null || !record.OwnedByRoot || !AreOptions(message.Slice(record.DataAt, record.DataLength))) return false;
            edns = new ClientEdns(record.Class, (int)(record.Ttl >> 16) & 0xFF, (record.Ttl & 0x8000) != 0);
        }
        return offset == message.Length;
    }

    private static bool AreOptions(ReadOnlySpan<byte> data)
    {
        while (data.Length >= 4)
        {
            var end = 4 + BinaryPrimitives.ReadUInt16BigEndian(data[2..]);
            if (end > data.Length) return false;
            data = data[end..];
        }
        return data.Length == 0;
    }
}
