using System.Globalization;
using CsCheck;
using Kache.Exchanges.Bodies;
using Xunit;

namespace Kache.Tests.Exchanges.Bodies;

/// <summary>Fuzzes the reader of pkt-lines; and lets the fuzzer loose on readers with a bug, so that its silence means something.</summary>
[Trait("Row", "C1")]
public sealed class PktLinesTests
{
    private delegate bool Reader(ReadOnlySpan<byte> body, out List<PktLine>? lines, out int rest);

    [Fact]
    public void Nothing_breaks_the_reader_and_what_it_read_is_what_was_there() => Assert.Null(Fuzz(PktLines.TryRead, 200_000));

    [Theory]
    [InlineData("trusts the length")]
    [InlineData("takes 0003 for a line")]
    [InlineData("loses the last byte")]
    [InlineData("passes over the tail")]
    public void The_fuzzer_finds_a_planted_bug(string bug) => Assert.NotNull(Fuzz(Planted(bug), 200_000));

    /// <returns>What went wrong first; null when nothing did.</returns>
    private static string? Fuzz(Reader reader, int rounds)
    {
        var dice = new Random(20261105);
        for (var round = 0; round < rounds; round++)
        {
            var body = Mutated(WellFormed(dice), dice);
            try
            {
                if (!reader(body, out var lines, out var rest)) continue;
                var again = Written(body, lines!, rest);
                if (!again.AsSpan().SequenceEqual(Lower(body, lines!))) return $"{Convert.ToHexString(body)} was read as {Convert.ToHexString(again)}";
            }
            catch (Exception e) when (e is ArgumentException or IndexOutOfRangeException or FormatException or OverflowException)
            {
                return $"{Convert.ToHexString(body)}: {e.GetType().Name}";
            }
        }
        return null;
    }

    private static byte[] WellFormed(Random dice)
    {
        var body = new List<byte>();
        for (var lines = dice.Next(5); lines > 0; lines--)
        {
            var payload = new byte[dice.Next(8)];
            dice.NextBytes(payload);
            byte[] line = dice.Next(4) switch
            {
                0 => "0000"u8.ToArray(),
                1 => "0001"u8.ToArray(),
                _ => [.. System.Text.Encoding.ASCII.GetBytes((payload.Length + 4).ToString("x4", CultureInfo.InvariantCulture)), .. payload],
            };
            body.AddRange(line);
        }
        if (dice.Next(8) == 0) body.AddRange("PACKdata"u8.ToArray());
        return [.. body];
    }

    private static byte[] Mutated(byte[] body, Random dice)
    {
        var bytes = body.ToList();
        for (var changes = dice.Next(3); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = dice.Next(bytes.Count);
            switch (dice.Next(4))
            {
                case 0: bytes[at] = (byte)dice.Next(256); break;
                case 1: bytes[at] = (byte)"0123fF"[dice.Next(6)]; break;
                case 2: bytes.RemoveAt(at); break;
                default: bytes.RemoveRange(at, bytes.Count - at); break;
            }
        }
        return [.. bytes];
    }

    private static byte[] Written(byte[] body, List<PktLine> lines, int rest)
    {
        var written = new List<byte>();
        foreach (var line in lines)
        {
            var length = line.Kind switch { PktKind.Flush => 0, PktKind.Delimiter => 1, PktKind.ResponseEnd => 2, _ => body[line.Payload].Length + 4 };
            written.AddRange(System.Text.Encoding.ASCII.GetBytes(length.ToString("x4", CultureInfo.InvariantCulture)));
            if (line.Kind == PktKind.Data) written.AddRange(body[line.Payload]);
        }
        written.AddRange(body[rest..]);
        return [.. written];
    }

    // Lengths may be written with capital letters.
    private static byte[] Lower(byte[] body, List<PktLine> lines)
    {
        byte[] lower = [.. body];
        var at = 0;
        foreach (var line in lines)
        {
            for (var i = at; i < at + 4; i++) lower[i] = (byte)char.ToLowerInvariant((char)lower[i]);
            at += 4 + (line.Kind == PktKind.Data ? body[line.Payload].Length : 0);
        }
        return lower;
    }

    private static Reader Planted(string bug) => (ReadOnlySpan<byte> body, out List<PktLine>? lines, out int rest) =>
    {
        lines = [];
        rest = 0;
        while (rest < body.Length && !body[rest..].StartsWith("PACK"u8))
        {
            if (!int.TryParse(body[rest..Math.Min(body.Length, rest + 4)], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var length) || body.Length - rest < 4)
            {
                // A tail of digits is no line.
                if (bug == "passes over the tail" && body.Length - rest < 4)
                {
                    rest = body.Length;
                    return true;
                }
                return false;
            }
            if (length is 0 or 1 or 2)
            {
                lines.Add(new PktLine((PktKind)(length + 1), new Range(rest + 4, rest + 4)));
                rest += 4;
                continue;
            }
            if (length == 3 && bug == "takes 0003 for a line") length = 4;
            if (length < 4 || (rest + length > body.Length && bug != "trusts the length")) return false;
            var end = bug == "loses the last byte" && length > 9 ? rest + length - 1 : rest + length;
            lines.Add(new PktLine(PktKind.Data, new Range(rest + 4, end)));
            rest += length;
        }
        return true;
    };
}
