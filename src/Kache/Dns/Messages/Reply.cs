using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Kache.Dns.Messages;

/// <summary>
/// Makes the answers to a client. Pure. The question goes back byte for byte, so its case is kept; recursion is
/// available; AA and AD are never set; nothing lives longer than <see cref="LongestTtl"/>.
/// </summary>
internal sealed class Reply(ClientQuery query, int largest)
{
    /// <summary>Seconds. BEHAVIOUR N4: what a client keeps after stop is stale.</summary>
    public const int LongestTtl = 5;

    /// <summary>What Kache takes and sends over UDP: nothing on the way has to cut it in pieces (DNS Flag Day 2020).</summary>
    public const int UdpPayload = 1232;

    private const int LargestWithoutEdns = 512;
    private const int LargestOverTcp = ushort.MaxValue;
    private const int EdnsSize = 11;
    private const uint DnssecOk = 0x8000;

    // A pointer to the question's name, which is where every owner name here is.
    private const ushort QuestionName = 0xC000 | DnsHeader.Size;

    public static Reply OverUdp(ClientQuery query) =>
        new(query, query.Edns is { } edns ? Math.Clamp(edns.PayloadSize, LargestWithoutEdns, UdpPayload) : LargestWithoutEdns);

    public static Reply OverTcp(ClientQuery query) => new(query, LargestOverTcp);

    /// <summary>Nothing but the code: refusals and faults.</summary>
    public byte[] Code(ResponseCode code) => Message(code, 0, 0, []);

    /// <summary>NODATA or NXDOMAIN, with the SOA that lets it be remembered for a moment (RFC 2308).</summary>
    public byte[] Nothing(ResponseCode code) => Message(code, 0, 1, StartOfAuthority);

    public byte[] Addresses(IReadOnlyList<IPAddress> addresses)
    {
        var records = new RecordWriter();
        var count = 0;
        foreach (var address in addresses)
        {
            if ((address.AddressFamily == AddressFamily.InterNetwork) != (query.Type == RecordType.A)) continue;
            records.Add(query.Type, address.GetAddressBytes());
            count++;
        }
        return count == 0 ? Nothing(ResponseCode.NoError) : Message(ResponseCode.NoError, count, 0, records.Bytes);
    }

    /// <summary>The answer to ANY that is small and true (RFC 8482 §4.2).</summary>
    public byte[] Any()
    {
        var records = new RecordWriter();
        records.Add(RecordType.HostInfo, [7, .. "RFC8482"u8, 0]);
        return Message(ResponseCode.NoError, 1, 0, records.Bytes);
    }

    public byte[] Text(string text)
    {
        var records = new RecordWriter();
        records.Add(RecordType.Txt, [(byte)text.Length, .. System.Text.Encoding.ASCII.GetBytes(text)]);
        return Message(ResponseCode.NoError, 1, 0, records.Bytes);
    }

    /// <summary>A kept message on this question's terms; SERVFAIL when it does not belong to it.</summary>
    public byte[] Kept(ReadOnlySpan<byte> message) =>
        KeptMessage.TryRead(message, query.Question.Span, LongestTtl, out var kept)
            ? Message(kept.Code, kept.Answers, kept.Authorities, kept.Records)
            : Code(ResponseCode.ServerFailure);

    private byte[] Message(ResponseCode code, int answers, int authorities, ReadOnlySpan<byte> records)
    {
        var edns = query.Edns is null ? 0 : EdnsSize;
        var question = query.Question.Span;
        var truncated = DnsHeader.Size + question.Length + records.Length + edns > largest;
        if (truncated)
        {
            records = [];
            answers = authorities = 0;
        }
        var message = new byte[DnsHeader.Size + question.Length + records.Length + edns];
        // The opcode, RD and CD are the query's own (RFC 1035 §4.1.1, RFC 4035 §3.2.2).
        var flags = (query.Header.Flags & (0x7800 | DnsHeader.RecursionDesired | DnsHeader.CheckingDisabled))
            | DnsHeader.Response | DnsHeader.RecursionAvailable | (truncated ? DnsHeader.Truncated : 0) | ((int)code & 0xF);
        new DnsHeader(query.Header.Id, (ushort)flags, question.Length > 0 ? 1 : 0, answers, authorities, edns > 0 ? 1 : 0).Write(message);
        question.CopyTo(message.AsSpan(DnsHeader.Size));
        records.CopyTo(message.AsSpan(DnsHeader.Size + question.Length));
        if (edns > 0) WriteEdns(message.AsSpan(message.Length - EdnsSize), code);
        return message;
    }

    private void WriteEdns(Span<byte> record, ResponseCode code)
    {
        record[0] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(record[1..], RecordType.Opt);
        BinaryPrimitives.WriteUInt16BigEndian(record[3..], UdpPayload);
        // Version 0, which is what BADVERS has to tell (RFC 6891 §6.1.3), under the code's upper bits.
        BinaryPrimitives.WriteUInt32BigEndian(record[5..], ((uint)code >> 4 << 24) | (query.Edns!.Value.DnssecOk ? DnssecOk : 0));
        BinaryPrimitives.WriteUInt16BigEndian(record[9..], 0);
    }

    // Owned by the name that was asked for, so that it is below whatever a forwarder sends here.
    private static byte[] StartOfAuthority { get; } = MakeStartOfAuthority();

    private static byte[] MakeStartOfAuthority()
    {
        var data = new List<byte>();
        // Its server, and whom to write to.
        foreach (var name in new[] { "dns.kache.internal", "hostmaster.kache.internal" })
        {
            var wire = new byte[WireName.Longest];
            WireName.TryWrite(name, wire, out var length);
            data.AddRange(wire.AsSpan(0, length));
        }
        // Serial, refresh, retry, expire: for secondaries, which there are none of. The last is what "nothing" lives for.
        foreach (var number in new[] { 1, LongestTtl, LongestTtl, LongestTtl, LongestTtl }) data.AddRange([0, 0, 0, (byte)number]);
        var record = new RecordWriter();
        record.Add(RecordType.Soa, [.. data]);
        return record.Bytes.ToArray();
    }

    private sealed class RecordWriter
    {
        private readonly List<byte> _bytes = [];

        public ReadOnlySpan<byte> Bytes => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_bytes);

        public void Add(int type, ReadOnlySpan<byte> data)
        {
            Span<byte> head = stackalloc byte[12];
            BinaryPrimitives.WriteUInt16BigEndian(head, QuestionName);
            BinaryPrimitives.WriteUInt16BigEndian(head[2..], (ushort)type);
            BinaryPrimitives.WriteUInt16BigEndian(head[4..], ClientQuery.InternetClass);
            BinaryPrimitives.WriteUInt32BigEndian(head[6..], LongestTtl);
            BinaryPrimitives.WriteUInt16BigEndian(head[10..], (ushort)data.Length);
            _bytes.AddRange(head);
            _bytes.AddRange(data);
        }
    }
}
