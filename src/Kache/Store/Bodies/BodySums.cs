using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using Kache.Exchanges;
using Kache.Store.Folder;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store.Bodies;

/// <summary>XXH3 of each MiB of a body, taken while it streams by.</summary>
internal sealed class BodySums
{
    public const int ChunkSize = 1024 * 1024;

    private readonly List<ulong> _full = [];
    private readonly XxHash3 _hash = new();
    private int _held;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var piece = bytes[..Math.Min(bytes.Length, ChunkSize - _held)];
            _hash.Append(piece);
            _held += piece.Length;
            bytes = bytes[piece.Length..];
            if (_held < ChunkSize) continue;
            _full.Add(_hash.GetCurrentHashAsUInt64());
            _hash.Reset();
            _held = 0;
        }
    }

    /// <summary>The sums of all of it, the last of a piece that may be shorter.</summary>
    public ulong[] ToArray() => _held > 0 ? [.. _full, _hash.GetCurrentHashAsUInt64()] : [.. _full];

    public static int CountOf(long length) => (int)((length + ChunkSize - 1) / ChunkSize);
}

/// <summary>
/// The file with the sums of a blob. It is derived: one that is missing or damaged is made again from the blob, whose
/// SHA-256 is checked on that occasion.
/// </summary>
internal static class SumsFile
{
    private const int HeadSize = 24;
    private const int BufferSize = 256 * 1024;

    private static ReadOnlySpan<byte> Magic => "kache sums 1\n\0\0\0"u8;

    /// <summary>Not flushed: what a power loss leaves of it is seen to be damaged.</summary>
    public static void Write(StorePaths paths, in Digest blob, long length, ReadOnlySpan<ulong> sums)
    {
        var path = paths.SumsOf(blob);
        Disk.MakeFolder(Path.GetDirectoryName(path)!);
        var unfinished = $"{path}.{Guid.NewGuid():n}{StorePaths.Unfinished}";
        using (var file = Disk.OpenOrCreate(unfinished, FileMode.CreateNew)) RandomAccess.Write(file, Encode(length, sums), 0);
        File.Move(unfinished, path, overwrite: true);
    }

    /// <returns>Null when there is no sound file.</returns>
    public static ulong[]? TryRead(StorePaths paths, in Digest blob, long length)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(paths.SumsOf(blob));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        var count = BodySums.CountOf(length);
        if (bytes.Length != HeadSize + ((count + 1) * 8) || !bytes.AsSpan().StartsWith(Magic)) return null;
        if (BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(16)) != length) return null;
        var content = bytes.AsSpan(0, bytes.Length - 8);
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(content.Length)) != XxHash3.HashToUInt64(content)) return null;
        var sums = new ulong[count];
        for (var i = 0; i < count; i++) sums[i] = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(HeadSize + (i * 8)));
        return sums;
    }

    /// <summary>Reads all of the blob.</summary>
    /// <exception cref="CorruptBodyException">Its digest is another.</exception>
    public static ulong[] Rebuild(StorePaths paths, in Digest blob, SafeFileHandle file, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var sums = new BodySums();
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        var offset = 0L;
        try
        {
            while (RandomAccess.Read(file, buffer, offset) is var read and > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, read);
                sums.Append(buffer.AsSpan(0, read));
                offset += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        if (new Digest(hash.GetHashAndReset()) != blob) throw new CorruptBodyException(blob, "its bytes have another digest");
        var all = sums.ToArray();
        try
        {
            Write(paths, blob, offset, all);
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            // They are made again the next time.
        }
        return all;
    }

    private static byte[] Encode(long length, ReadOnlySpan<ulong> sums)
    {
        var bytes = new byte[HeadSize + ((sums.Length + 1) * 8)];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), length);
        for (var i = 0; i < sums.Length; i++) BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(HeadSize + (i * 8)), sums[i]);
        var content = bytes.AsSpan(0, bytes.Length - 8);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(content.Length), XxHash3.HashToUInt64(content));
        return bytes;
    }
}
