using System.Buffers.Binary;
using Kache.Exchanges;
using Kache.Store.Bodies;

namespace Kache.Store.Journals;

/// <summary>
/// Reads a journal again after its process ended, however it ended: cuts the torn tail, marks what was damaged in the
/// middle, and withdraws exchanges whose bodies did not survive. What is lost is in the journal as a gap afterwards.
/// </summary>
internal sealed class JournalRecovery(JournalFile file, SessionBodies bodies, JournalTally tally, TimeProvider clock)
{
    private readonly HashSet<long> _withdrawn = [];
    private readonly List<(long Offset, long Length)> _damaged = [];
    private readonly List<Exchange> _bodiless = [];

    /// <summary>Behind the highest that was used.</summary>
    public long NextOrdinal { get; private set; }

    /// <summary>What has to be appended before anything else.</summary>
    public IReadOnlyList<Exchange> ToWithdraw => _bodiless;

    public void Run()
    {
        long end;
        using (var scan = new JournalScan(file.File, file.Seed))
        {
            while (scan.MoveNext())
            {
                if (scan.Damaged.Length > 0) _damaged.Add(scan.Damaged);
                Take(scan.Kind, scan.Payload);
            }
            end = scan.SoundEnd;
        }
        foreach (var (offset, length) in _damaged) Mark(offset, length);
        _bodiless.RemoveAll(exchange => _withdrawn.Contains(exchange.Ordinal));
        file.CutAt(end);
    }

    /// <summary>The gap that a place of damaged entries stands for.</summary>
    public static Gap LostGap(ReadOnlySpan<byte> payload)
    {
        var at = payload.Length >= 8 ? new CanonicalReader(payload[..8]).Time() : DateTimeOffset.UnixEpoch;
        return new Gap(at, GapKind.NotStored, "journal", $"About {payload.Length} bytes of the session's journal were damaged when it was read again; the exchanges that they held are lost.");
    }

    private void Take(JournalEntryKind kind, ReadOnlySpan<byte> payload)
    {
        switch (kind)
        {
            case JournalEntryKind.Exchange:
                Take(JournalEntries.ReadExchange(payload));
                break;
            case JournalEntryKind.Gap:
                tally.Add(ExchangeEncoding.ReadGap(payload));
                break;
            case JournalEntryKind.Lost:
                tally.Add(LostGap(payload));
                break;
            case JournalEntryKind.Withdrawn:
                _withdrawn.Add(JournalEntries.ReadWithdrawn(payload));
                break;
            case JournalEntryKind.Lookup:
            default:
                break;
        }
    }

    private void Take(Exchange exchange)
    {
        NextOrdinal = Math.Max(NextOrdinal, exchange.Ordinal + 1);
        tally.ReadCredentials(exchange.Request.Fields);
        if (bodies.Holds(exchange.Request.Body) && bodies.Holds(exchange.Response.Body)) tally.Add(exchange);
        else _bodiless.Add(exchange);
    }

    private void Mark(long offset, long length)
    {
        // Shorter than the smallest entry: nothing was there. A scan passes over it for ever.
        if (length < JournalFrame.HeadSize + 8) return;
        var left = length;
        while (left > 0)
        {
            // No rest may be too short for a frame of its own.
            var size = (int)Math.Min(left, JournalFrame.LongestPayload);
            if (left - size is > 0 and < JournalFrame.HeadSize + 8) size -= JournalFrame.HeadSize + 8;
            var frame = new byte[size];
            BinaryPrimitives.WriteInt64LittleEndian(
                frame.AsSpan(JournalFrame.HeadSize), (clock.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
            JournalFrame.WriteHead(frame, JournalEntryKind.Lost, file.Seed);
            file.Overwrite(offset, frame);
            if (left == length) tally.Add(LostGap(frame.AsSpan(JournalFrame.HeadSize)));
            offset += size;
            left -= size;
        }
    }
}
