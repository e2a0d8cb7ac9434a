using System.Buffers.Binary;
using System.Text;

namespace Kache.Tests.Dns;

/// <summary>Queries as clients make them, and answers as they read them. Written without Kache's own codec.</summary>
internal static class Packets
{
    public const int A = 1;
    public const int Soa = 6;
    public const int HostInfo = 13;
    public const int Mx = 15;
    public const int Txt = 16;
    public const int Aaaa = 28;
    public const int Srv = 33;
    public const int Opt = 41;

    public static byte[] Query(string name, int type, ushort id = 0x1234, int flags = 0x0100, int questionClass = 1, byte[]? opt = null)
    {
        List<byte> query = [(byte)(id >> 8), (byte)id, (byte)(flags >> 8), (byte)flags, 0, 1, 0, 0, 0, 0, 0, (byte)(opt is null ? 0 : 1)];
        query.AddRange(Name(name));
        query.AddRange([(byte)(type >> 8), (byte)type, (byte)(questionClass >> 8), (byte)questionClass]);
        if (opt is not null) query.AddRange(opt);
        return [.. query];
    }

    public static byte[] Edns(int payload, int version = 0, bool dnssec = false, byte[]? options = null)
    {
        options ??= [];
        return [0, 0, Opt, (byte)(payload >> 8), (byte)payload, 0, (byte)version, (byte)(dnssec ? 0x80 : 0), 0, (byte)(options.Length >> 8), (byte)options.Length, .. options];
    }

    public static byte[] Name(string name)
    {
        var bytes = new List<byte>();
        foreach (var label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.Latin1.GetBytes(label));
        }
        bytes.Add(0);
        return [.. bytes];
    }

    public static Heard Read(byte[] message)
    {
        int Short(int at) => BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(at));
        string NameAt(ref int at)
        {
            var labels = new List<string>();
            var end = -1;
            while (message[at] != 0)
            {
                if (message[at] >= 0xC0)
                {
                    if (end < 0) end = at + 2;
                    at = Short(at) & 0x3FFF;
                    continue;
                }
                labels.Add(Encoding.Latin1.GetString(message, at + 1, message[at]));
                at += 1 + message[at];
            }
            at = end < 0 ? at + 1 : end;
            return string.Join('.', labels);
        }

        var offset = 12;
        var question = "";
        for (var i = 0; i < Short(4); i++)
        {
            question = NameAt(ref offset);
            offset += 4;
        }
        var records = new List<HeardRecord>();
        for (var section = 0; section < 3; section++)
        {
            for (var i = 0; i < Short(6 + (2 * section)); i++)
            {
                var owner = NameAt(ref offset);
                var length = Short(offset + 8);
                records.Add(new HeardRecord(section, owner, Short(offset), Short(offset + 2),
                    BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(offset + 4)), message[(offset + 10)..(offset + 10 + length)]));
                offset += 10 + length;
            }
        }
        Xunit.Assert.Equal(message.Length, offset);
        return new Heard((ushort)Short(0), Short(2), question, Short(4), records);
    }
}

/// <param name="Section">0 answer, 1 authority, 2 additional.</param>
internal sealed record HeardRecord(int Section, string Owner, int Type, int Class, uint Ttl, byte[] Data);

internal sealed record Heard(ushort Id, int Flags, string Question, int Questions, IReadOnlyList<HeardRecord> Records)
{
    private HeardRecord? Opt => Records.SingleOrDefault(r => r.Type == Packets.Opt);

    /// <summary>With the upper bits from EDNS.</summary>
    public int Code => (Flags & 0xF) | (Opt is { } opt ? (int)(opt.Ttl >> 24) << 4 : 0);

    public bool Truncated => (Flags & 0x0200) != 0;

    public bool Authenticated => (Flags & 0x0020) != 0;

    public int? EdnsPayload => Opt?.Class;

    public IEnumerable<string> Addresses => Records.Where(r => r.Section == 0).Select(r => new System.Net.IPAddress(r.Data).ToString());

    public bool HasSoa => Records.Any(r => r is { Section: 1, Type: Packets.Soa });
}
