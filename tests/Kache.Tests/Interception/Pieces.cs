using System.Buffers;

namespace Kache.Tests.Interception;

/// <summary>Bytes as they arrive: in segments.</summary>
internal sealed class Pieces : ReadOnlySequenceSegment<byte>
{
    private Pieces(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

    public static ReadOnlySequence<byte> Of(byte[] bytes, int size)
    {
        if (bytes.Length == 0) return ReadOnlySequence<byte>.Empty;
        Pieces? first = null, last = null;
        for (var at = 0; at < bytes.Length; at += size)
        {
            var piece = new Pieces(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)), at);
            if (last is null) first = piece;
            else last.Next = piece;
            last = piece;
        }
        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }
}
