using System.IO.Hashing;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Text;
using Kache.Exchanges;

namespace Kache.Store.Recordings;

/// <summary>The mapped index of a recording: look-ups are binary searches in memory that all threads share.</summary>
internal sealed unsafe class RecordingIndex : IDisposable
{
    // Sums are taken in pieces: a span has at most 2 GiB.
    private const int Piece = 1 << 26;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private readonly IndexCounts _counts;
    private int _disposed;

    private RecordingIndex(MemoryMappedFile file, MemoryMappedViewAccessor view, byte* start, in IndexCounts counts)
    {
        (_file, _view, _counts) = (file, view, counts);
        _start = start;
        var lines = Encoding.UTF8.GetString(new ReadOnlySpan<byte>(_start + TextStart, counts.TextLength)).Split('\n');
        Packs = lines[..counts.Packs];
        var hosts = new List<Authority>(counts.Hosts);
        foreach (var line in lines.AsSpan(counts.Packs, counts.Hosts))
            if (Authority.TryParse(line, 0, out var host)) hosts.Add(host);
        Hosts = hosts;
    }

    public IReadOnlyList<string> Packs { get; }

    public IReadOnlyList<Authority> Hosts { get; }

    public int Count => _counts.Exchanges;

    public RecordingSummary Summary => new(_counts.Exchanges, _counts.Bytes, _counts.Hosts, _counts.Gaps);

    private long KeysStart => IndexLayout.HeadSize + ((long)_counts.Exchanges * sizeof(IndexedExchange));

    private long BodiesStart => KeysStart + ((long)_counts.Exchanges * sizeof(IndexedKey));

    private long TextStart => BodiesStart + ((long)_counts.Bodies * sizeof(IndexedBody));

    /// <returns>Null when there is none, or one that is damaged, of another layout, of other rules for keys or of another recording.</returns>
    public static RecordingIndex? TryOpen(StorePaths paths, in Digest recording)
    {
        MemoryMappedFile? file = null;
        MemoryMappedViewAccessor? view = null;
        byte* start = null;
        try
        {
            var path = paths.Index(recording);
            var length = new FileInfo(path) is { Exists: true } info ? info.Length : 0;
            if (length < IndexLayout.HeadSize) return null;
            file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, length, MemoryMappedFileAccess.Read);
            view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            if (!IsSound(start, length, recording, out var counts)) return null;
            var index = new RecordingIndex(file, view, start, counts);
            (file, view) = (null, null);
            start = null;
            return index;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        finally
        {
            if (start is not null) view!.SafeMemoryMappedViewHandle.ReleasePointer();
            view?.Dispose();
            file?.Dispose();
        }
    }

    public void Find(in ExchangeKey key, ICollection<ExchangeLocation> found)
    {
        var hash = key.Hash();
        using var mapped = Mapped();
        var keys = (IndexedKey*)(_start + KeysStart);
        int low = 0, high = _counts.Exchanges;
        while (low < high)
        {
            var middle = (int)(((uint)low + (uint)high) / 2);
            if (keys[middle].Hash < hash) low = middle + 1;
            else high = middle;
        }
        for (; low < _counts.Exchanges && keys[low].Hash == hash; low++) found.Add(new ExchangeLocation(keys[low].Ordinal));
    }

    public IndexedExchange Exchange(ExchangeLocation location)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(location.Value);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(location.Value, _counts.Exchanges);
        using var mapped = Mapped();
        return ((IndexedExchange*)(_start + IndexLayout.HeadSize))[location.Value];
    }

    public bool TryFindBody(in Digest digest, out IndexedBody body)
    {
        Span<byte> wanted = stackalloc byte[Digest.Size];
        digest.CopyTo(wanted);
        using var mapped = Mapped();
        var bodies = (IndexedBody*)(_start + BodiesStart);
        int low = 0, high = _counts.Bodies;
        while (low < high)
        {
            var middle = (int)(((uint)low + (uint)high) / 2);
            var order = new ReadOnlySpan<byte>(bodies + middle, Digest.Size).SequenceCompareTo(wanted);
            if (order == 0)
            {
                body = bodies[middle];
                return true;
            }
            if (order < 0) low = middle + 1;
            else high = middle;
        }
        body = default;
        return false;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        // Look-ups that are under way hold the mapping until they are done.
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private Hold Mapped() => new(_view.SafeMemoryMappedViewHandle);

    private static bool IsSound(byte* start, long length, in Digest recording, out IndexCounts counts)
    {
        var head = new ReadOnlySpan<byte>(start, IndexLayout.HeadSize);
        counts = MemoryMarshal.Read<IndexCounts>(head[40..]);
        if (!head.StartsWith(IndexLayout.Magic) || new Digest(head.Slice(8, Digest.Size)) != recording || counts.FileLength != length) return false;
        if (counts.KeyRules != ExchangeKey.Rules) return false;
        var hash = new XxHash3();
        hash.Append(head[..IndexLayout.SumOffset]);
        for (var at = (long)IndexLayout.HeadSize; at < length; at += Piece) hash.Append(new ReadOnlySpan<byte>(start + at, (int)Math.Min(Piece, length - at)));
        return hash.GetCurrentHashAsUInt64() == MemoryMarshal.Read<ulong>(head[IndexLayout.SumOffset..]);
    }

    /// <summary>Keeps the mapping there for the time of a look-up.</summary>
    private readonly ref struct Hold
    {
        private readonly SafeHandle _handle;

        public Hold(SafeHandle handle)
        {
            var held = false;
            handle.DangerousAddRef(ref held);
            _handle = handle;
        }

        public void Dispose() => _handle.DangerousRelease();
    }
}
