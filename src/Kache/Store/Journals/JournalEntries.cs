using Kache.Exchanges;

namespace Kache.Store.Journals;

/// <summary>The payloads of a journal's entries.</summary>
internal static class JournalEntries
{
    public static CanonicalWriter Write(Exchange exchange, long seed)
    {
        var writer = new CanonicalWriter(JournalFrame.HeadSize);
        writer.Number(exchange.Ordinal);
        ExchangeEncoding.Write(writer, exchange);
        return Framed(writer, JournalEntryKind.Exchange, seed);
    }

    public static CanonicalWriter Write(NameLookup lookup, long seed)
    {
        var writer = new CanonicalWriter(JournalFrame.HeadSize);
        ExchangeEncoding.Write(writer, lookup);
        return Framed(writer, JournalEntryKind.Lookup, seed);
    }

    public static CanonicalWriter Write(Gap gap, long seed)
    {
        var writer = new CanonicalWriter(JournalFrame.HeadSize);
        ExchangeEncoding.Write(writer, gap);
        return Framed(writer, JournalEntryKind.Gap, seed);
    }

    public static CanonicalWriter WriteWithdrawn(long ordinal, long seed)
    {
        var writer = new CanonicalWriter(JournalFrame.HeadSize);
        writer.Number(ordinal);
        return Framed(writer, JournalEntryKind.Withdrawn, seed);
    }

    /// <summary>Where the encoded exchange begins in the payload.</summary>
    public static int ExchangeStart(ReadOnlySpan<byte> payload, out long ordinal)
    {
        var reader = new CanonicalReader(payload);
        ordinal = reader.Number(long.MaxValue);
        return payload.Length - reader.Remaining;
    }

    public static Exchange ReadExchange(ReadOnlySpan<byte> payload)
    {
        var start = ExchangeStart(payload, out var ordinal);
        return ExchangeEncoding.ReadExchange(payload[start..], ordinal);
    }

    public static long ReadWithdrawn(ReadOnlySpan<byte> payload)
    {
        ExchangeStart(payload, out var ordinal);
        return ordinal;
    }

    private static CanonicalWriter Framed(CanonicalWriter writer, JournalEntryKind kind, long seed)
    {
        JournalFrame.WriteHead(writer.Frame, kind, seed);
        return writer;
    }
}
