using System.Collections.Immutable;
using CsCheck;
using Kache.Exchanges;

namespace Kache.Tests.Store;

/// <summary>Every value that an exchange can have, the odd ones too.</summary>
internal static class Generators
{
    public static readonly Gen<string> Latin1 = Gen.Char['\0', '\u00ff'].Array[0, 40].Select(chars => new string(chars));

    public static readonly Gen<string> Unicode = Gen.OneOf(
        Gen.String[Gen.Char['a', 'z'], 0, 30], Gen.Const("b\u00fccher.test"), Gen.Const("\ud83d\ude00"), Gen.Const(""));

    public static readonly Gen<Digest> Digests = Gen.Byte.Array[Digest.Size].Select(bytes => new Digest(bytes));

    public static readonly Gen<Body> Bodies = Gen.OneOf(
        Gen.Const(Body.Empty),
        Gen.Select(Digests, Gen.Long[0, long.MaxValue], Gen.Bool, (digest, length, kept) => new Body(digest, length, kept)));

    public static readonly Gen<Fields> FieldLines = Gen.Select(Gen.OneOf(Gen.Const("accept"), Gen.Const("set-cookie"), Latin1), Latin1, (name, value) => new Field(name, value))
        .Array[0, 12].Select(lines => new Fields([.. lines]));

    public static readonly Gen<DateTimeOffset> Times = Gen.Long[-62_135_596_800_000_000, 253_402_300_799_999_999]
        .Select(microseconds => DateTimeOffset.UnixEpoch.AddTicks(microseconds * 10));

    public static readonly Gen<Exchange> Exchanges =
        from started in Times
        from took in Gen.Long[0, long.MaxValue / 100]
        from request in Requests
        from response in Responses
        from outcome in Gen.Enum<ExchangeOutcome>()
        from error in Gen.OneOf(Unicode.Select(text => (string?)text), Gen.Const((string?)null))
        from chain in Gen.OneOf(Digests.Select(digest => (Digest?)digest), Gen.Const((Digest?)null))
        from withheld in Latin1.List[0, 3]
        select new Exchange(7, started, TimeSpan.FromTicks(took * 10), request, response, outcome, error, chain, withheld.Count == 0 ? null : withheld);

    public static readonly Gen<Gap> Gaps = Gen.Select(Times, Gen.Enum<GapKind>(), Unicode, Unicode, (at, kind, where, detail) => new Gap(at, kind, where, detail));

    private static Gen<RecordedRequest> Requests =>
        from method in Latin1
        from scheme in Gen.OneOf(Gen.Const("http"), Gen.Const("https"))
        from host in Unicode
        from port in Gen.Int[0, ushort.MaxValue]
        from target in Latin1
        from version in Gen.OneOf(Gen.Const("1.0"), Gen.Const("1.1"), Gen.Const("2"))
        from fields in FieldLines
        from body in Bodies
        select new RecordedRequest(method, scheme, new Authority(host, port), target, version, fields, body);

    private static Gen<RecordedResponse> Responses =>
        from status in Gen.Int[100, 999]
        from reason in Latin1
        from version in Gen.OneOf(Gen.Const("1.0"), Gen.Const("1.1"), Gen.Const("2"))
        from fields in FieldLines
        from framing in Gen.Enum<Framing>()
        from body in Bodies
        from trailers in FieldLines
        select new RecordedResponse(status, reason, version, fields, framing, body, trailers);
}
