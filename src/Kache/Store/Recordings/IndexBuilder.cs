using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Kache.Exchanges;
using Kache.Store.Bodies;
using Kache.Store.Folder;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store.Recordings;

/// <summary>
/// Makes the index of a recording from its segments, whose digests are verified on the way. It holds some hundred bytes
/// for each exchange, and one exchange at a time.
/// </summary>
internal sealed class IndexBuilder(StorePaths paths, StoredBodies stored, Func<Digest, PackedBody?>? near = null)
{
    private readonly List<IndexedExchange> _exchanges = [];
    private readonly List<IndexedKey> _keys = [];
    private readonly List<(Digest Digest, long Length)> _bodies = [];
    private readonly HashSet<Authority> _hosts = [];
    private long _bytes;

    /// <exception cref="DataFolderException">A segment is missing or damaged.</exception>
    public void Build(in Digest recording, Manifest manifest, CancellationToken cancellation)
    {
        for (var number = 0; number < manifest.Exchanges.Count; number++)
        {
            var segment = number;
            SegmentFile.Read(paths, manifest.Exchanges[number], SegmentFile.ExchangesHead, (offset, record) => Add(segment, offset, record), cancellation);
        }
        CollectionsMarshal.AsSpan(_keys).Sort();
        Write(recording, manifest);
    }

    private void Add(int segment, long offset, ReadOnlySpan<byte> record)
    {
        var ordinal = _exchanges.Count;
        var exchange = ExchangeEncoding.ReadExchange(record, ordinal);
        _exchanges.Add(new IndexedExchange(segment, checked((int)offset), record.Length, 0, XxHash3.HashToUInt64(record)));
        _keys.Add(new IndexedKey(RecordedKeys.Of(exchange.Request, digest => stored.Open(digest)).Hash(), ordinal, 0));
        _hosts.Add(exchange.Request.Authority);
        _bytes += exchange.Response.Body.Length;
        Add(exchange.Request.Body);
        Add(exchange.Response.Body);
    }

    private void Add(in Body body)
    {
        if (body.Length > 0 && body.Kept) _bodies.Add((body.Digest, body.Length));
    }

    private void Write(in Digest recording, Manifest manifest)
    {
        var (bodies, packs) = Places();
        var hosts = _hosts.Select(host => host.ToString()).Order(StringComparer.Ordinal);
        // Names have no line ends: packs are named by us, hosts by URLs.
        var text = Encoding.UTF8.GetBytes(string.Concat(packs.Concat(hosts).Select(line => line + "\n")));
        var counts = new IndexCounts
        {
            Exchanges = _exchanges.Count,
            KeyRules = ExchangeKey.Rules,
            Bodies = bodies.Length,
            Packs = packs.Count,
            Hosts = _hosts.Count,
            Gaps = (int)(manifest.Gaps?.Count ?? 0),
            TextLength = text.Length,
            Bytes = _bytes,
        };
        ReadOnlySpan<byte> exchanges = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_exchanges));
        ReadOnlySpan<byte> keys = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_keys));
        ReadOnlySpan<byte> places = MemoryMarshal.AsBytes<IndexedBody>(bodies);
        counts.FileLength = IndexLayout.HeadSize + (long)exchanges.Length + keys.Length + places.Length + text.Length;

        var head = new byte[IndexLayout.HeadSize];
        IndexLayout.Magic.CopyTo(head);
        recording.CopyTo(head.AsSpan(8));
        MemoryMarshal.Write(head.AsSpan(40), counts);
        var hash = new XxHash3();
        hash.Append(head.AsSpan(0, IndexLayout.SumOffset));

        var path = paths.Index(recording);
        Disk.MakeFolder(Path.GetDirectoryName(path)!);
        var unfinished = $"{path}.{Guid.NewGuid():n}{StorePaths.Unfinished}";
        try
        {
            using (var file = Disk.OpenOrCreate(unfinished, FileMode.CreateNew))
            {
                var end = (long)IndexLayout.HeadSize;
                Append(file, exchanges, hash, ref end);
                Append(file, keys, hash, ref end);
                Append(file, places, hash, ref end);
                Append(file, text, hash, ref end);
                BitConverter.TryWriteBytes(head.AsSpan(IndexLayout.SumOffset), hash.GetCurrentHashAsUInt64());
                RandomAccess.Write(file, head, 0);
            }
            // Not flushed: what a power loss leaves of it has another sum.
            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    private static void Append(SafeFileHandle file, ReadOnlySpan<byte> bytes, XxHash3 hash, ref long end)
    {
        hash.Append(bytes);
        RandomAccess.Write(file, bytes, end);
        end += bytes.Length;
    }

    private (IndexedBody[] Bodies, List<string> Packs) Places()
    {
        var wanted = CollectionsMarshal.AsSpan(_bodies);
        wanted.Sort((one, other) => one.Digest.CompareTo(other.Digest));
        var bodies = new List<IndexedBody>();
        var packs = new List<string>();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        Digest? last = null;
        foreach (var (digest, length) in wanted)
        {
            if (digest == last) continue;
            last = digest;
            bodies.Add(Place(digest, length, packs, numbers));
        }
        return ([.. bodies], packs);
    }

    private IndexedBody Place(in Digest digest, long length, List<string> packs, Dictionary<string, int> numbers)
    {
        var bytes = DigestBytes.Of(digest);
        // One that could be either is likelier where its size puts it.
        if (length > PackFrame.LongestBody && File.Exists(paths.Blob(digest))) return new IndexedBody(bytes, IndexedBody.Blob, 0, 0, 0);
        if ((near?.Invoke(digest) ?? stored.Places.Find(digest)) is { } place)
        {
            if (!numbers.TryGetValue(place.Pack, out var number))
            {
                numbers[place.Pack] = number = packs.Count;
                packs.Add(place.Pack);
            }
            return new IndexedBody(bytes, number, place.Length, place.Offset, place.Sum);
        }
        return new IndexedBody(bytes, File.Exists(paths.Blob(digest)) ? IndexedBody.Blob : IndexedBody.Absent, 0, 0, 0);
    }
}
