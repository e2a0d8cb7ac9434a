using System.Collections.Immutable;

namespace Kache.Exchanges;

/// <summary>
/// The bytes of exchanges, look-ups and gaps, as docs/store-format.md has them: one byte string for each value, so that
/// equal recordings have equal digests. An exchange's ordinal is where it stands, and not among its bytes. Pure.
/// </summary>
internal static class ExchangeEncoding
{
    private const byte NoBody = 0;
    private const byte KeptBody = 1;
    private const byte DigestOnly = 2;

    private const long LongestTook = long.MaxValue / TimeSpan.TicksPerMicrosecond;
    private const int LastFraming = (int)Framing.Close;
    private const int LastOutcome = (int)ExchangeOutcome.Failed;
    private const int LastGapKind = (int)GapKind.BypassedName;

    public static void Write(CanonicalWriter to, Exchange exchange)
    {
        to.Time(exchange.Started);
        to.Number(Math.Max(0, exchange.Took.Ticks) / TimeSpan.TicksPerMicrosecond);
        Write(to, exchange.Request);
        Write(to, exchange.Response);
        to.Byte((byte)exchange.Outcome);
        to.Byte(exchange.Error is null ? (byte)0 : (byte)1);
        if (exchange.Error is { } error) to.Utf8(error);
        to.Byte(exchange.CertificateChain is null ? (byte)0 : (byte)1);
        if (exchange.CertificateChain is { } chain) to.Digest(chain);
        var withheld = exchange.Withheld ?? [];
        to.Number(withheld.Count);
        foreach (var name in withheld) to.Latin1(name);
    }

    /// <exception cref="InvalidDataException">Not what <see cref="Write(CanonicalWriter, Exchange)"/> writes.</exception>
    public static Exchange ReadExchange(ReadOnlySpan<byte> bytes, long ordinal)
    {
        var from = new CanonicalReader(bytes);
        var started = from.Time();
        var took = TimeSpan.FromTicks(from.Number(LongestTook) * TimeSpan.TicksPerMicrosecond);
        var request = ReadRequest(ref from);
        var response = ReadResponse(ref from);
        var outcome = (ExchangeOutcome)Choice(from.Byte(), LastOutcome);
        var error = Choice(from.Byte(), 1) == 1 ? from.Utf8() : null;
        Digest? chain = Choice(from.Byte(), 1) == 1 ? from.Digest() : null;
        var withheld = ReadNames(ref from);
        from.End();
        return new Exchange(ordinal, started, took, request, response, outcome, error, chain, withheld);
    }

    public static void Write(CanonicalWriter to, NameLookup lookup)
    {
        to.Utf8(lookup.Name);
        to.Number(lookup.Type);
        to.Number(lookup.ResponseCode);
        to.Bytes(lookup.Answer.Span);
    }

    /// <exception cref="InvalidDataException">Not what is written.</exception>
    public static NameLookup ReadLookup(ReadOnlySpan<byte> bytes)
    {
        var from = new CanonicalReader(bytes);
        var lookup = new NameLookup(from.Utf8(), (int)from.Number(int.MaxValue), (int)from.Number(int.MaxValue), from.Bytes().ToArray());
        from.End();
        return lookup;
    }

    public static void Write(CanonicalWriter to, Gap gap)
    {
        to.Time(gap.At);
        to.Byte((byte)gap.Kind);
        to.Utf8(gap.Where);
        to.Utf8(gap.Detail);
    }

    /// <exception cref="InvalidDataException">Not what is written.</exception>
    public static Gap ReadGap(ReadOnlySpan<byte> bytes)
    {
        var from = new CanonicalReader(bytes);
        var gap = new Gap(from.Time(), (GapKind)Choice(from.Byte(), LastGapKind), from.Utf8(), from.Utf8());
        from.End();
        return gap;
    }

    private static void Write(CanonicalWriter to, RecordedRequest request)
    {
        to.Latin1(request.Method);
        to.Latin1(request.Scheme);
        to.Utf8(request.Authority.Host);
        to.Number(request.Authority.Port);
        to.Latin1(request.Target);
        to.Latin1(request.Version);
        Write(to, request.Fields);
        Write(to, request.Body);
    }

    private static RecordedRequest ReadRequest(ref CanonicalReader from) => new(
        from.Latin1(), from.Latin1(), new Authority(from.Utf8(), (int)from.Number(ushort.MaxValue)), from.Latin1(), from.Latin1(),
        ReadFields(ref from), ReadBody(ref from));

    private static void Write(CanonicalWriter to, RecordedResponse response)
    {
        to.Number(response.Status);
        to.Latin1(response.Reason);
        to.Latin1(response.Version);
        Write(to, response.Fields);
        to.Byte((byte)response.Framing);
        Write(to, response.Body);
        Write(to, response.Trailers);
    }

    private static RecordedResponse ReadResponse(ref CanonicalReader from) => new(
        (int)from.Number(ushort.MaxValue), from.Latin1(), from.Latin1(), ReadFields(ref from),
        (Framing)Choice(from.Byte(), LastFraming), ReadBody(ref from), ReadFields(ref from));

    private static void Write(CanonicalWriter to, Fields fields)
    {
        to.Number(fields.Count);
        foreach (var field in fields)
        {
            to.Latin1(field.Name);
            to.Latin1(field.Value);
        }
    }

    private static Fields ReadFields(ref CanonicalReader from)
    {
        // A field takes two bytes at least, so a wrong count cannot ask for much memory.
        var count = (int)from.Number(from.Remaining / 2);
        if (count == 0) return Fields.None;
        var lines = ImmutableArray.CreateBuilder<Field>(count);
        for (var i = 0; i < count; i++) lines.Add(new Field(FieldNames.Shared(from.Bytes()), from.Latin1()));
        return new Fields(lines.MoveToImmutable());
    }

    private static void Write(CanonicalWriter to, in Body body)
    {
        if (body == Body.Empty)
        {
            to.Byte(NoBody);
            return;
        }
        to.Byte(body.Kept ? KeptBody : DigestOnly);
        to.Digest(body.Digest);
        to.Number(body.Length);
    }

    private static Body ReadBody(ref CanonicalReader from)
    {
        var kind = Choice(from.Byte(), DigestOnly);
        if (kind == NoBody) return Body.Empty;
        var body = new Body(from.Digest(), from.Number(long.MaxValue), kind == KeptBody);
        return body == Body.Empty ? throw CanonicalReader.Malformed("an empty body is spelt out") : body;
    }

    private static List<string>? ReadNames(ref CanonicalReader from)
    {
        var count = (int)from.Number(from.Remaining);
        if (count == 0) return null;
        var names = new List<string>(count);
        for (var i = 0; i < count; i++) names.Add(FieldNames.Shared(from.Bytes()));
        return names;
    }

    private static int Choice(byte value, int last) =>
        value <= last ? value : throw CanonicalReader.Malformed("a choice is unknown");
}
