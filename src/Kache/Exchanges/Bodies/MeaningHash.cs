using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Kache.Exchanges.Bodies;

/// <summary>
/// A digest over parts, each told apart from its neighbours: a part is a tag, its length and its bytes. So no two lists of
/// parts hash the same bytes.
/// </summary>
internal ref struct MeaningHash(string kind) : IDisposable
{
    private readonly IncrementalHash _hash = Begin(kind);

    public readonly void Add(char tag, ReadOnlySpan<byte> part)
    {
        Span<byte> head = stackalloc byte[5];
        head[0] = (byte)tag;
        BinaryPrimitives.WriteInt32BigEndian(head[1..], part.Length);
        _hash.AppendData(head);
        _hash.AppendData(part);
    }

    public readonly void Add(char tag, Digest part)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        part.CopyTo(bytes);
        Add(tag, bytes);
    }

    public readonly Digest Take()
    {
        Span<byte> digest = stackalloc byte[Digest.Size];
        _hash.GetHashAndReset(digest);
        return new Digest(digest);
    }

    public readonly void Dispose() => _hash.Dispose();

    // A body whose bytes happen to be what is hashed for another never has its digest: this stands before.
    private static IncrementalHash Begin(string kind)
    {
        var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("kache body meaning\0"u8);
        hash.AppendData(System.Text.Encoding.ASCII.GetBytes(kind + "\0"));
        return hash;
    }
}
