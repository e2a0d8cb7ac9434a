using System.Buffers;
using System.IO.Hashing;
using System.IO.Pipelines;
using Kache.Exchanges;
using Kache.Store.Bodies;
using Kache.Store.Folder;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store;

/// <summary>A body of the store, opened for reading. Every 1 MiB is checked against its sum before it is handed out.</summary>
/// <remarks>
/// A MiB is read twice: once to check it, remembering a sum for each of its pieces, and once more straight into the pipe,
/// piece by piece, each checked against what was remembered. So a reader holds one piece and not one MiB, however many
/// slow clients there are. A body of one piece is read once.
/// </remarks>
internal sealed class BodyReader : IDisposable
{
    // What a pipe takes well, and what a slow client may keep waiting.
    private const int PieceSize = 64 * 1024;
    private const int PiecesInChunk = BodySums.ChunkSize / PieceSize;

    private readonly Digest _digest;
    private readonly SafeFileHandle? _file;
    private readonly bool _owned;
    private readonly long _start;
    private readonly StorePaths? _blobOf;
    private readonly ulong _onlySum;
    private ulong[]? _sums;
    private bool _disposed;

    private BodyReader(in Digest digest, SafeFileHandle? file, bool owned, long start, long length, ulong onlySum, StorePaths? blobOf)
    {
        (_digest, _file, _owned, _start, Length, _onlySum, _blobOf) = (digest, file, owned, start, length, onlySum, blobOf);
        if (owned || file is null) return;
        // Its owner may close it while this reads.
        var held = false;
        file.DangerousAddRef(ref held);
    }

    public long Length { get; }

    internal static BodyReader OfNothing() => new(Digest.Empty, null, owned: false, 0, 0, 0, null);

    internal static BodyReader OfBlob(StorePaths paths, in Digest digest, SafeFileHandle blob) =>
        new(digest, blob, owned: true, 0, RandomAccess.GetLength(blob), 0, paths);

    internal static BodyReader OfPacked(in Digest digest, in PackedBody place, SafeFileHandle pack, bool owned) =>
        new(digest, pack, owned, place.Offset, place.Length, place.Sum, null);

    /// <summary>Writes the range to the pipe, flushing as it goes; ends early when the pipe's reader is done.</summary>
    /// <returns>False when the reader was done before all of it was written.</returns>
    /// <exception cref="CorruptBodyException">The stored bytes are not those that were recorded; bytes before were right.</exception>
    public async ValueTask<bool> CopyRangeAsync(PipeWriter destination, long offset, long length, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (length == 0) return true;
        await LoadSumsAsync(cancellation);
        var end = offset + length;
        var pieces = new PieceSums();
        while (offset < end)
        {
            cancellation.ThrowIfCancellationRequested();
            var chunk = offset / BodySums.ChunkSize;
            if (pieces.Chunk != chunk) pieces = Check(chunk);
            var piece = offset / PieceSize;
            var from = piece * PieceSize;
            var size = (int)Math.Min(PieceSize, Length - from);
            var last = Math.Min(end, from + size);
            Hand(destination, from, size, (int)(offset - from), (int)(last - offset), pieces[(int)(piece % PiecesInChunk)]);
            offset = last;
            var flushed = await destination.FlushAsync(cancellation);
            if (flushed.IsCompleted || flushed.IsCanceled) return offset == end;
        }
        return true;
    }

    /// <summary>The whole body in memory: for what is known to be small.</summary>
    /// <exception cref="CorruptBodyException">The stored bytes are not those that were recorded.</exception>
    public byte[] Hold()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_blobOf is not null) _sums ??= SumsFile.TryRead(_blobOf, _digest, Length) ?? SumsFile.Rebuild(_blobOf, _digest, _file!, CancellationToken.None);
        var body = new byte[Length];
        Read(body, 0);
        for (var from = 0; from < body.Length; from += BodySums.ChunkSize)
        {
            var size = Math.Min(BodySums.ChunkSize, body.Length - from);
            if (XxHash3.HashToUInt64(body.AsSpan(from, size)) != SumOf(from / BodySums.ChunkSize)) throw Corrupt(from, size);
        }
        return body;
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (_owned) _file?.Dispose();
        else _file?.DangerousRelease();
    }

    private async ValueTask LoadSumsAsync(CancellationToken cancellation)
    {
        if (_blobOf is null || _sums is not null) return;
        _sums = SumsFile.TryRead(_blobOf, _digest, Length)
            ?? await Disk.RunAsync(() => SumsFile.Rebuild(_blobOf, _digest, _file!, cancellation), cancellation);
    }

    private ulong SumOf(long chunk) => _sums is null ? _onlySum : _sums[chunk];

    /// <summary>Reads a chunk and compares its sum.</summary>
    private PieceSums Check(long chunk)
    {
        var from = chunk * BodySums.ChunkSize;
        var size = (int)Math.Min(BodySums.ChunkSize, Length - from);
        var sums = new PieceSums { Chunk = chunk };
        if (size <= PieceSize)
        {
            sums[0] = SumOf(chunk);
            return sums;
        }
        var whole = new XxHash3();
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            for (var at = 0; at < size; at += PieceSize)
            {
                var piece = buffer.AsSpan(0, Math.Min(PieceSize, size - at));
                Read(piece, from + at);
                whole.Append(piece);
                sums[at / PieceSize] = XxHash3.HashToUInt64(piece);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        return whole.GetCurrentHashAsUInt64() == SumOf(chunk) ? sums : throw Corrupt(from, size);
    }

    /// <summary>Puts a part of a piece into the pipe; the piece is checked first, and nothing counts as put before that.</summary>
    private void Hand(PipeWriter destination, long from, int size, int skip, int take, ulong sum)
    {
        if (take == size)
        {
            var into = destination.GetSpan(size)[..size];
            Read(into, from);
            if (XxHash3.HashToUInt64(into) != sum) throw Corrupt(from, size);
            destination.Advance(size);
            return;
        }
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            var piece = buffer.AsSpan(0, size);
            Read(piece, from);
            if (XxHash3.HashToUInt64(piece) != sum) throw Corrupt(from, size);
            destination.Write(piece.Slice(skip, take));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Read(Span<byte> into, long from)
    {
        try
        {
            while (into.Length > 0)
            {
                var read = RandomAccess.Read(_file!, into, _start + from);
                if (read == 0) throw new CorruptBodyException(_digest, $"it ends at byte {from} of {Length}");
                into = into[read..];
                from += read;
            }
        }
        catch (IOException e) when (e is not CorruptBodyException)
        {
            throw new CorruptBodyException(_digest, $"it could not be read at byte {from}: {e.Message}", e);
        }
    }

    private CorruptBodyException Corrupt(long from, int size) =>
        new(_digest, $"bytes {from} to {from + size - 1} of {Length} are not those that were recorded");

    [System.Runtime.CompilerServices.InlineArray(PiecesInChunk)]
    private struct Sums16
    {
        private ulong _first;
    }

    /// <summary>What the pieces of a chunk were when the chunk was checked.</summary>
    private struct PieceSums()
    {
        private Sums16 _sums;

        public long Chunk { get; init; } = -1;

        public ulong this[int piece]
        {
            readonly get => _sums[piece];
            set => _sums[piece] = value;
        }
    }
}
