using System.Buffers;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using Kache.Exchanges;
using Kache.Store.Bodies;
using Kache.Store.Folder;
using Kache.Store.Recordings;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store;

/// <summary>Where an exchange of a recording is: an opaque handle, smaller ones were recorded earlier.</summary>
internal readonly record struct ExchangeLocation(long Value);

/// <summary>
/// A sealed recording, open for playback. Look-ups go through an index that is derived from the
/// segments and mapped into memory; thread safe, no lock, no query.
/// </summary>
internal sealed class SealedRecording : IDisposable
{
    private readonly StoredBodies _stored;
    private readonly Manifest _manifest;
    private readonly RecordingIndex _index;
    private readonly Dictionary<(string Name, int Type), NameLookup> _names;
    private readonly Lazy<IReadOnlyList<Gap>> _gaps;
    private readonly SafeFileHandle?[] _segments;
    private readonly SafeFileHandle?[] _packs;

    internal SealedRecording(Digest digest, StoredBodies stored, Manifest manifest, RecordingIndex index)
    {
        (Digest, _stored, _manifest, _index) = (digest, stored, manifest, index);
        _segments = new SafeFileHandle?[manifest.Exchanges.Count];
        _packs = new SafeFileHandle?[index.Packs.Count];
        _names = ReadNames();
        _gaps = new Lazy<IReadOnlyList<Gap>>(ReadGaps);
    }

    public Digest Digest { get; }

    public RecordingSummary Summary => _index.Summary;

    public IReadOnlyList<Gap> Gaps => _gaps.Value;

    /// <summary>Different hosts (authorities) that the recording has exchanges with, sorted.</summary>
    public IReadOnlyList<Authority> Hosts => _index.Hosts;

    /// <summary>Adds the locations of exchanges with this key to <paramref name="found"/>, in recorded order.</summary>
    public void Find(in ExchangeKey key, ICollection<ExchangeLocation> found) => _index.Find(key, found);

    /// <exception cref="DataFolderException">The stored exchange is damaged or missing.</exception>
    public ValueTask<Exchange> ReadAsync(ExchangeLocation location, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            return ValueTask.FromResult(Read(location));
        }
        catch (IOException e)
        {
            return ValueTask.FromException<Exchange>(e);
        }
    }

    /// <summary>Every exchange in recorded order.</summary>
    public async IAsyncEnumerable<Exchange> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var ordinal = 0; ordinal < _index.Count; ordinal++) yield return await ReadAsync(new ExchangeLocation(ordinal), cancellation);
    }

    /// <summary>What was kept about a name and type, or null when it was never asked.</summary>
    public NameLookup? FindName(string name, int type) => _names.GetValueOrDefault((name, type));

    /// <summary>Opens a body for reading; null when the store does not hold it.</summary>
    public BodyReader? OpenBody(Digest digest)
    {
        if (digest == Digest.Empty) return BodyReader.OfNothing();
        if (!_index.TryFindBody(digest, out var body)) return _stored.Open(digest);
        if (body.Pack == IndexedBody.Blob) return _stored.OpenBlob(digest) ?? _stored.Open(digest);
        // Where a body lies may have changed since the index was made; then the store is asked.
        if (body.Pack < 0 || Pack(body.Pack) is not { } pack) return _stored.Open(digest);
        return BodyReader.OfPacked(digest, new PackedBody(_index.Packs[body.Pack], body.Offset, body.Length, body.Sum), pack, owned: false);
    }

    public void Dispose()
    {
        _index.Dispose();
        foreach (var file in _segments) file?.Dispose();
        foreach (var file in _packs) file?.Dispose();
    }

    private Exchange Read(ExchangeLocation location)
    {
        var place = _index.Exchange(location);
        var file = Volatile.Read(ref _segments[place.Segment]) ?? OpenSegment(place.Segment);
        var buffer = ArrayPool<byte>.Shared.Rent(place.Length);
        try
        {
            var record = buffer.AsSpan(0, place.Length);
            if (RandomAccess.Read(file, record, place.Offset) != place.Length || XxHash3.HashToUInt64(record) != place.Sum)
                throw new DataFolderException($"The recording {Digest} is damaged: the segment {_manifest.Exchanges[place.Segment].Digest} has changed at byte {place.Offset}. Put a copy in its place, or pull the recording again.");
            return ExchangeEncoding.ReadExchange(record, location.Value);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private SafeFileHandle OpenSegment(int number)
    {
        var digest = _manifest.Exchanges[number].Digest;
        try
        {
            return Shared(ref _segments[number], Disk.OpenRead(_stored.Paths.Segment(digest)));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataFolderException($"The recording {Digest} lacks its segment {digest}. Put a copy in its place, or pull the recording again.", e);
        }
    }

    private SafeFileHandle? Pack(int number)
    {
        if (Volatile.Read(ref _packs[number]) is { } open) return open;
        return _stored.OpenPack(_index.Packs[number]) is { } made ? Shared(ref _packs[number], made) : null;
    }

    /// <summary>Of several threads that open a file at the same time, the first one's is kept.</summary>
    private static SafeFileHandle Shared(ref SafeFileHandle? place, SafeFileHandle made)
    {
        if (Interlocked.CompareExchange(ref place, made, null) is not { } first) return made;
        made.Dispose();
        return first;
    }

    private Dictionary<(string Name, int Type), NameLookup> ReadNames()
    {
        var names = new Dictionary<(string, int), NameLookup>();
        if (_manifest.Names is { } segment)
        {
            SegmentFile.Read(_stored.Paths, segment, SegmentFile.NamesHead, (_, record) =>
            {
                var lookup = ExchangeEncoding.ReadLookup(record);
                names[(lookup.Name, lookup.Type)] = lookup;
            });
        }
        return names;
    }

    private IReadOnlyList<Gap> ReadGaps()
    {
        var gaps = new List<Gap>();
        if (_manifest.Gaps is { } segment) SegmentFile.Read(_stored.Paths, segment, SegmentFile.GapsHead, (_, record) => gaps.Add(ExchangeEncoding.ReadGap(record)));
        return gaps;
    }
}
