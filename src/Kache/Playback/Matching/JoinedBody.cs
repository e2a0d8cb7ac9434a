using Kache.Exchanges;

namespace Kache.Playback.Matching;

/// <summary>Some bytes of a whole that were recorded by themselves: the stored body begins at <paramref name="First"/>.</summary>
internal readonly record struct BodyPiece(long First, Body Body)
{
    public long End => First + Body.Length;
}

/// <summary>What to read, and how much of it, to send some bytes of a whole.</summary>
internal readonly record struct BodyPart(Body Body, long Offset, long Length);

/// <summary>A whole, or much of it, in recorded pieces that one strong validator holds together (BEHAVIOUR H8). Pure.</summary>
internal sealed class JoinedBody
{
    private readonly List<BodyPiece> _pieces;
    private readonly ByteCoverage _there = new();

    public JoinedBody(IEnumerable<BodyPiece> pieces)
    {
        // Of pieces that begin alike the longest is enough.
        _pieces = [.. pieces.OrderBy(piece => piece.First).ThenByDescending(piece => piece.End)];
        foreach (var piece in _pieces) _there.Add(piece.First, piece.Body.Length);
    }

    public bool Covers(long first, long length) => _there.Covers(first, length);

    /// <summary>Each byte once, in order.</summary>
    /// <param name="first">With <paramref name="length"/>, what <see cref="Covers"/> said yes to.</param>
    public IEnumerable<BodyPart> Parts(long first, long length)
    {
        var (at, end) = (first, first + length);
        foreach (var piece in _pieces)
        {
            if (at == end) yield break;
            if (piece.End <= at) continue;
            if (piece.First > at) throw new ArgumentOutOfRangeException(nameof(first), "Not all of it is there.");
            var until = Math.Min(end, piece.End);
            yield return new BodyPart(piece.Body, at - piece.First, until - at);
            at = until;
        }
        if (at < end) throw new ArgumentOutOfRangeException(nameof(length), "Not all of it is there.");
    }
}
