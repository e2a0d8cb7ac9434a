using CsCheck;
using Kache.Exchanges;
using Xunit;

namespace Kache.Tests.Store;

public sealed class ExchangeEncodingTests
{
    [Fact]
    public void An_exchange_is_read_as_it_was_written() => Generators.Exchanges.Sample(exchange =>
    {
        var read = ExchangeEncoding.ReadExchange(Encode(exchange), exchange.Ordinal);
        Assert.Equal(exchange.Withheld, read.Withheld);
        Assert.Equal(exchange with { Withheld = null }, read with { Withheld = null });
    });

    [Fact]
    public void A_gap_is_read_as_it_was_written() => Generators.Gaps.Sample(gap =>
    {
        using var writer = new CanonicalWriter();
        ExchangeEncoding.Write(writer, gap);
        Assert.Equal(gap, ExchangeEncoding.ReadGap(writer.Written));
    });

    [Fact]
    public void A_lookup_is_read_as_it_was_written() => Gen.Select(Generators.Unicode, Gen.Int[0, 65535], Gen.Int[0, 4095], Gen.Byte.Array[0, 100]).Sample((name, type, code, answer) =>
    {
        using var writer = new CanonicalWriter();
        ExchangeEncoding.Write(writer, new NameLookup(name, type, code, answer));
        var read = ExchangeEncoding.ReadLookup(writer.Written);
        Assert.Equal((name, type, code), (read.Name, read.Type, read.ResponseCode));
        Assert.Equal(answer, read.Answer.ToArray());
    });

    [Fact]
    public void Bytes_that_can_be_read_are_the_only_ones_for_their_value() =>
        Gen.Select(Generators.Exchanges, Gen.Int[0, 10_000], Gen.Byte).Sample((exchange, at, value) =>
        {
            var bytes = Encode(exchange);
            bytes[at % bytes.Length] = value;
            Exchange read;
            try
            {
                read = ExchangeEncoding.ReadExchange(bytes, 0);
            }
            catch (InvalidDataException)
            {
                return;
            }
            Assert.Equal(bytes, Encode(read));
        }, iter: 5000);

    [Fact]
    public void A_part_of_an_exchange_is_none() => Gen.Select(Generators.Exchanges, Gen.Int[0, 10_000]).Sample((exchange, at) =>
    {
        var bytes = Encode(exchange);
        Assert.Throws<InvalidDataException>(() => ExchangeEncoding.ReadExchange(bytes.AsSpan(0, at % bytes.Length), 0));
        Assert.Throws<InvalidDataException>(() => ExchangeEncoding.ReadExchange([.. bytes, 0], 0));
    });

    [Theory]
    [InlineData(new byte[] { 0x80, 0x00 })]
    [InlineData(new byte[] { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 })]
    [InlineData(new byte[] { 0x80 })]
    public void A_number_has_one_form(byte[] bytes) => Assert.Throws<InvalidDataException>(() => new CanonicalReader(bytes).Number());

    [Fact]
    public void Text_that_is_no_bytes_is_refused_and_never_changed_on_the_way()
    {
        var sample = Sample.Exchange(0);
        Assert.Throws<ArgumentException>(() => Encode(sample with { Request = sample.Request with { Target = "/\u20ac" } }));
    }

    [Fact]
    public void The_numbers_of_choices_are_those_of_the_format()
    {
        Assert.Equal([0, 1, 2, 3], Enum.GetValues<Framing>().Select(value => (int)value));
        Assert.Equal(["None", "Length", "Chunked", "Close"], Enum.GetNames<Framing>());
        Assert.Equal(["Complete", "Incomplete", "Failed"], Enum.GetNames<ExchangeOutcome>());
        Assert.Equal(["Tunnel", "Upgrade", "IncompleteBody", "NotStored", "NotForwarded", "BypassedName"], Enum.GetNames<GapKind>());
    }

    private static byte[] Encode(Exchange exchange)
    {
        using var writer = new CanonicalWriter();
        ExchangeEncoding.Write(writer, exchange);
        return writer.Written.ToArray();
    }
}
