using System.Buffers;

namespace Kache.Interception;

/// <summary>What a connection begins with.</summary>
internal enum Opening
{
    /// <summary>Not enough has come to tell.</summary>
    Unknown,

    /// <summary>A TLS handshake record.</summary>
    Tls,

    /// <summary>A request for a tunnel.</summary>
    Connect,

    /// <summary>Any other HTTP/1 request.</summary>
    Http,

    /// <summary>Neither TLS nor HTTP.</summary>
    Other,
}

/// <summary>Tells apart what comes in on one port. Pure; looks at a request's first line at most.</summary>
internal static class FirstBytes
{
    // RFC 8446 §5.1: ContentType handshake, then the legacy version, whose first byte has been 3 since SSL 3.
    private const byte TlsHandshake = 22;
    private const byte TlsMajor = 3;

    // Methods are short words: the longest that is registered has 17 characters (UPDATEREDIRECTREF).
    private const int LongestMethod = 32;

    // Enough of a request line to believe it without its end.
    private const int Convincing = 4096;

    public static Opening Tell(in ReadOnlySequence<byte> input)
    {
        if (input.IsEmpty) return Opening.Unknown;
        Span<byte> copy = stackalloc byte[LongestMethod + 2];
        var length = (int)Math.Min(copy.Length, input.Length);
        input.Slice(0, length).CopyTo(copy);
        var start = copy[..length];
        if (start[0] == TlsHandshake) return length == 1 ? Opening.Unknown : start[1] == TlsMajor ? Opening.Tls : Opening.Other;
        // RFC 9112 §2.2: an empty line before a request is passed over.
        if (start[0] is (byte)'\r' or (byte)'\n') return TellAfterEmptyLine(input, start);
        var space = start.IndexOf((byte)' ');
        var method = space < 0 ? start : start[..space];
        if (method.IsEmpty || method.ContainsAnyExcept("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"u8)) return Opening.Other;
        if (space < 0) return length > LongestMethod ? Opening.Other : Opening.Unknown;
        if (space + 1 == length) return Opening.Unknown;
        if (method.SequenceEqual("CONNECT"u8)) return Opening.Connect;
        // What follows a method is a path or an asterisk; an absolute URL shows itself only further on.
        return start[space + 1] is (byte)'/' or (byte)'*' ? Opening.Http : TellByLine(input);
    }

    private static Opening TellAfterEmptyLine(in ReadOnlySequence<byte> input, ReadOnlySpan<byte> start)
    {
        var skipped = 0;
        while (skipped < start.Length && start[skipped] is (byte)'\r' or (byte)'\n') skipped++;
        if (skipped > 4) return Opening.Other;
        return skipped == start.Length ? Opening.Unknown : Tell(input.Slice(skipped));
    }

    private static Opening TellByLine(in ReadOnlySequence<byte> input)
    {
        var reader = new SequenceReader<byte>(input);
        if (!reader.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
        {
            if (input.Length < Convincing) return Opening.Unknown;
            line = input.Slice(0, Convincing);
            return Contains(line, "://"u8) ? Opening.Http : Opening.Other;
        }
        return Contains(line, " HTTP/"u8) ? Opening.Http : Opening.Other;
    }

    private static bool Contains(in ReadOnlySequence<byte> line, ReadOnlySpan<byte> word)
    {
        if (line.IsSingleSegment) return line.FirstSpan.IndexOf(word) >= 0;
        return new SequenceReader<byte>(line).TryReadTo(out ReadOnlySequence<byte> _, word);
    }
}
