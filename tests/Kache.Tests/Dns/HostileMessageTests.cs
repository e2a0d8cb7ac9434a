using System.Net;
using CsCheck;
using Kache.Dns;
using Kache.Dns.Messages;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static Kache.Tests.Dns.Packets;

namespace Kache.Tests.Dns;

/// <summary>Whatever bytes arrive: a sound answer or none, never an exception. Both the client's side and the resolver's.</summary>
public sealed class HostileMessageTests
{
    private static readonly byte[][] Sound =
    [
        Query("pkg.test", A),
        Query("a.rather.longer.name.pkg.test", Txt, opt: Edns(1232, options: [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8])),
        Query(ProbeName.Host, A, opt: Edns(4096, dnssec: true)),
        FakeResolver.Answer(Query("pkg.test", Txt), new Said(Records: [Rr.Text("one"), Rr.Text("two"), Rr.Address("192.0.2.1") with { Additional = true }])),
    ];

    private static readonly Gen<byte[]> Mutated =
        from message in Gen.Int[0, Sound.Length - 1].Select(i => Sound[i])
        from changes in Gen.Select(Gen.Int[0, 200], Gen.Byte).Array[1, 8]
        from cut in Gen.Int[0, 300]
        from more in Gen.Byte.Array[0, 20]
        select Mutate(message, changes, cut, more);

    private static readonly Gen<byte[]> Any = Gen.OneOf(Mutated, Gen.Byte.Array[0, 600]);

    [Fact]
    [Trait("Row", "N1")]
    public void Any_bytes_get_a_sound_answer_or_none() => Any.Sample(bytes =>
    {
        var query = ClientQuery.Read(bytes);
        if (query is null) return bytes.Length < 12 || (bytes[2] & 0x80) != 0;
        var answer = Answer(bytes, new NameAnswer.Proxy());
        var heard = Read(answer);
        return heard.Id == ((bytes[0] << 8) | bytes[1]) && (heard.Flags & 0x8080) == 0x8080 && !heard.Authenticated
            && answer.Length <= 1232 && heard.Questions <= 1 && heard.Records.All(r => r.Type == Opt || r.Ttl <= 5);
    }, iter: 50_000);

    [Fact]
    public void Any_kept_bytes_make_a_sound_answer() => Any.Sample(bytes =>
    {
        var heard = Read(Answer(Query("pkg.test", Txt), new NameAnswer.Kept(bytes)));
        return heard is { Id: 0x1234, Authenticated: false } && heard.Records.All(r => r.Ttl <= 5);
    }, iter: 50_000);

    [Fact]
    public void Any_answer_of_a_resolver_can_be_looked_at() => Any.Sample(bytes =>
    {
        var found = new List<IPAddress>();
        UpstreamMessage.TryReadAddresses(bytes, RecordType.A, found);
        UpstreamMessage.TryReadAddresses(bytes, RecordType.Aaaa, found);
        UpstreamMessage.HasText(bytes, ProbeName.Mark);
        foreach (var query in Sound) UpstreamMessage.IsAnswer(query, bytes);
        UpstreamMessage.IsAnswer(bytes, bytes);
        return found.Count <= bytes.Length / 14;
    }, iter: 50_000);

    [Fact]
    public void A_name_survives_the_way_to_text_and_back() =>
        Gen.Byte.Array[1, 63].Array[0, 5].Where(labels => labels.Sum(l => l.Length + 1) < WireName.Longest).Sample(labels =>
        {
            byte[] wire = [.. labels.SelectMany(l => (byte[])[(byte)l.Length, .. l]), 0];
            var text = WireName.ToText(wire);
            var again = new byte[WireName.Longest];
            return WireName.TryWrite(text, again, out var length) && WireName.AreSame(wire, again.AsSpan(0, length)) && WireName.ToText(again) == text;
        }, iter: 20_000);

    [Fact]
    public void Any_text_is_a_name_or_is_not() => Gen.String[Gen.Char[".\\09aZ_é-"], 0, 300].Sample(text =>
    {
        var wire = new byte[WireName.Longest];
        if (!WireName.TryWrite(text, wire, out var length)) return true;
        var offset = 0;
        byte[] message = [.. new byte[12], .. wire.AsSpan(0, length)];
        offset = 12;
        return WireName.TryRead(message, ref offset, new byte[WireName.Longest], out var read) && read == length && offset == message.Length;
    }, iter: 50_000);

    private static byte[] Answer(byte[] query, NameAnswer says)
    {
        var responder = new Responder(new FakeSessions((_, _) => says), new ProxyAddresses([]), NullLogger.Instance);
        var answer = responder.AnswerAsync(query, Asker.Create(IPAddress.Parse("192.0.2.50"), IPAddress.Parse("192.0.2.1"), overTcp: false), CancellationToken.None);
        Assert.True(answer.IsCompletedSuccessfully);
        return answer.GetAwaiter().GetResult()!;
    }

    private static byte[] Mutate(byte[] message, (int At, byte To)[] changes, int cut, byte[] more)
    {
        var mutated = (byte[])message.Clone();
        foreach (var (at, to) in changes) mutated[at % mutated.Length] = to;
        return [.. mutated.AsSpan(0, Math.Min(mutated.Length, Math.Max(cut, 1))), .. cut % 3 == 0 ? more : []];
    }
}
