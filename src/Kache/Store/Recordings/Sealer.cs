using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Kache.Exchanges;
using Kache.Store.Folder;
using Kache.Store.Journals;

namespace Kache.Store.Recordings;

/// <summary>
/// Turns a journal into a recording: exchanges by ordinal and without what was withdrawn, look-ups by name, gaps by time.
/// It holds where exchanges are in the journal, and one at a time.
/// </summary>
internal sealed class Sealer(StorePaths paths, SessionJournal journal)
{
    /// <summary>A segment ends before the record that would make it longer than this; part of the format.</summary>
    public const long LongestSegment = 16 * 1024 * 1024;

    private readonly List<Place> _exchanges = [];
    private readonly HashSet<long> _withdrawn = [];
    private readonly Dictionary<(string Name, int Type), byte[]> _names = [];
    private readonly List<byte[]> _gaps = [];

    /// <summary>An exchange in the journal.</summary>
    private readonly record struct Place(long Ordinal, long Offset, int Length) : IComparable<Place>
    {
        // Ordinals are given once; if they were not, the earlier entry would come first.
        public int CompareTo(Place other) => Ordinal != other.Ordinal ? Ordinal.CompareTo(other.Ordinal) : Offset.CompareTo(other.Offset);
    }

    public Digest Seal(CancellationToken cancellation)
    {
        Scan(cancellation);
        CollectionsMarshal.AsSpan(_exchanges).Sort();
        var manifest = new Manifest(WriteExchanges(cancellation), WriteNames(), WriteGaps());
        return Publish(manifest);
    }

    private void Scan(CancellationToken cancellation)
    {
        using var scan = new JournalScan(journal.File.File, journal.File.Seed, journal.File.End);
        while (scan.MoveNext())
        {
            cancellation.ThrowIfCancellationRequested();
            var payload = scan.Payload;
            switch (scan.Kind)
            {
                case JournalEntryKind.Exchange:
                    var start = JournalEntries.ExchangeStart(payload, out var ordinal);
                    _exchanges.Add(new Place(ordinal, scan.Offset + start, payload.Length - start));
                    break;
                case JournalEntryKind.Withdrawn:
                    _withdrawn.Add(JournalEntries.ReadWithdrawn(payload));
                    break;
                case JournalEntryKind.Lookup:
                    var lookup = ExchangeEncoding.ReadLookup(payload);
                    // Asked twice, the later answer is the one that the build went on with.
                    _names[(lookup.Name, lookup.Type)] = payload.ToArray();
                    break;
                case JournalEntryKind.Gap:
                    _gaps.Add(payload.ToArray());
                    break;
                case JournalEntryKind.Lost:
                    using (var gap = new CanonicalWriter())
                    {
                        ExchangeEncoding.Write(gap, JournalRecovery.LostGap(payload));
                        _gaps.Add(gap.Written.ToArray());
                    }
                    break;
                default:
                    throw new InvalidDataException($"The journal of the session {journal.SessionId} holds an entry of an unknown kind.");
            }
        }
    }

    private List<SegmentReference> WriteExchanges(CancellationToken cancellation)
    {
        var written = new List<SegmentReference>();
        SegmentWriter? segment = null;
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            foreach (var place in _exchanges)
            {
                cancellation.ThrowIfCancellationRequested();
                if (_withdrawn.Contains(place.Ordinal)) continue;
                if (buffer.Length < place.Length)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = ArrayPool<byte>.Shared.Rent(place.Length);
                }
                var record = buffer.AsSpan(0, place.Length);
                ReadEntry(record, place.Offset);
                if (segment is not null && segment.Length + SegmentWriter.SizeOf(record.Length) > LongestSegment)
                {
                    written.Add(segment.Publish());
                    segment.Dispose();
                    segment = null;
                }
                segment ??= new SegmentWriter(paths, journal.Bodies, SegmentFile.ExchangesHead);
                segment.Append(record);
            }
            if (segment is not null) written.Add(segment.Publish());
            return written;
        }
        finally
        {
            segment?.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private SegmentReference? WriteNames()
    {
        if (_names.Count == 0) return null;
        using var segment = new SegmentWriter(paths, journal.Bodies, SegmentFile.NamesHead);
        var sorted = _names.Select(name => (Name: Encoding.UTF8.GetBytes(name.Key.Name), name.Key.Type, name.Value)).ToList();
        sorted.Sort((one, other) => one.Name.AsSpan().SequenceCompareTo(other.Name) is var order and not 0 ? order : one.Type.CompareTo(other.Type));
        foreach (var (_, _, lookup) in sorted) segment.Append(lookup);
        return segment.Publish();
    }

    private SegmentReference? WriteGaps()
    {
        if (_gaps.Count == 0) return null;
        using var segment = new SegmentWriter(paths, journal.Bodies, SegmentFile.GapsHead);
        _gaps.Sort(Earlier);
        foreach (var gap in _gaps) segment.Append(gap);
        return segment.Publish();
    }

    // By time, and those of one moment by their bytes: in whatever order they came.
    private static int Earlier(byte[] one, byte[] other)
    {
        var order = new CanonicalReader(one).Time().CompareTo(new CanonicalReader(other).Time());
        return order != 0 ? order : one.AsSpan().SequenceCompareTo(other);
    }

    private Digest Publish(Manifest manifest)
    {
        var bytes = manifest.Encode();
        var digest = Digest.Of(bytes);
        using var file = journal.Bodies.CreateTemporary(out var unfinished);
        RandomAccess.Write(file, bytes, 0);
        Disk.Publish(file, unfinished, paths.Recording(digest));
        return digest;
    }

    private void ReadEntry(Span<byte> into, long offset)
    {
        while (into.Length > 0)
        {
            var read = RandomAccess.Read(journal.File.File, into, offset);
            if (read == 0) throw new IOException($"The journal of the session {journal.SessionId} became shorter while it was sealed.");
            into = into[read..];
            offset += read;
        }
    }
}
