using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Kache.Exchanges.Bodies;

internal enum PktKind
{
    Data,

    /// <summary><c>0000</c>: the end of a list.</summary>
    Flush,

    /// <summary><c>0001</c>: between the sections of a command (protocol 2).</summary>
    Delimiter,

    /// <summary><c>0002</c>.</summary>
    ResponseEnd,
}

/// <param name="Payload">Empty but for <see cref="PktKind.Data"/>.</param>
internal readonly record struct PktLine(PktKind Kind, Range Payload);

/// <summary>git's pkt-lines (gitprotocol-common): four hexadecimal digits of length, themselves counted, and a payload. Pure.</summary>
internal static class PktLines
{
    private const int HeadLength = 4;

    // gitprotocol-common: LARGE_PACKET_MAX.
    private const int LongestLine = 65520;

    /// <summary>Reads lines until the end, or until a packfile begins, which is not in lines.</summary>
    /// <param name="rest">Where the packfile begins; the end when there is none.</param>
    /// <returns>False for anything that git would not have sent.</returns>
    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out List<PktLine>? lines, out int rest)
    {
        lines = [];
        rest = 0;
        while (rest < body.Length)
        {
            var left = body[rest..];
            if (left.StartsWith("PACK"u8)) return true;
            if (!TryReadOne(left, out var line, out var length))
            {
                lines = null;
                return false;
            }
            lines.Add(line with { Payload = new Range(rest + line.Payload.Start.Value, rest + line.Payload.End.Value) });
            rest += length;
        }
        return true;
    }

    private static bool TryReadOne(ReadOnlySpan<byte> left, out PktLine line, out int length)
    {
        line = default;
        length = 0;
        if (left.Length < HeadLength || left[..HeadLength].ContainsAnyExcept("0123456789abcdefABCDEF"u8)) return false;
        length = int.Parse(left[..HeadLength], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        var special = length switch { 0 => PktKind.Flush, 1 => PktKind.Delimiter, 2 => PktKind.ResponseEnd, _ => PktKind.Data };
        if (special != PktKind.Data)
        {
            length = HeadLength;
            line = new PktLine(special, new Range(HeadLength, HeadLength));
            return true;
        }
        // 0003 is shorter than its own head.
        if (length < HeadLength || length > LongestLine || length > left.Length) return false;
        line = new PktLine(PktKind.Data, new Range(HeadLength, length));
        return true;
    }
}
