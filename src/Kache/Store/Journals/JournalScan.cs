using Kache.Store.Folder;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store.Journals;

/// <summary>
/// Reads a journal from its beginning. Where no sound entry begins, it goes on at the next sound one: a torn tail is the
/// usual reason, damage in the middle an unusual one that must not cost what follows it.
/// </summary>
internal sealed class JournalScan : IDisposable
{
    // How much is looked through at a time for the next entry.
    private const int Search = 64 * 1024;

    private readonly FileWindow _window;
    private readonly long _seed;
    private readonly long _end;
    private long _next = JournalFrame.FileHeadSize;

    /// <param name="end">Nothing behind this is read: it may be being written.</param>
    public JournalScan(SafeFileHandle file, long seed, long? end = null)
    {
        _window = new FileWindow(file);
        _seed = seed;
        _end = Math.Min(end ?? long.MaxValue, _window.FileLength);
    }

    public JournalEntryKind Kind { get; private set; }

    /// <summary>Of the payload's first byte in the file.</summary>
    public long Offset { get; private set; }

    public int Length { get; private set; }

    /// <summary>Valid until the scan moves on.</summary>
    public ReadOnlySpan<byte> Payload => _window.At(Offset, Length);

    /// <summary>Behind the last sound entry.</summary>
    public long SoundEnd { get; private set; } = JournalFrame.FileHeadSize;

    /// <summary>Bytes in front of the present entry that belong to no sound one, and where they begin.</summary>
    public (long Offset, long Length) Damaged { get; private set; }

    public bool MoveNext()
    {
        for (var at = _next; at < _end;)
        {
            if (TryRead(at))
            {
                Damaged = (_next, at - _next);
                _next = SoundEnd = Offset + Length;
                return true;
            }
            at = FindMagic(at + 1);
        }
        return false;
    }

    public void Dispose() => _window.Dispose();

    private bool TryRead(long at)
    {
        if (!JournalFrame.TryReadHead(_window.At(at, JournalFrame.HeadSize), out var kind, out var length)) return false;
        if (length > _end - at - JournalFrame.HeadSize) return false;
        var frame = _window.At(at, JournalFrame.HeadSize + length);
        if (frame.Length != JournalFrame.HeadSize + length || !JournalFrame.IsSound(frame, _seed)) return false;
        (Kind, Offset, Length) = (kind, at + JournalFrame.HeadSize, length);
        return true;
    }

    private long FindMagic(long at)
    {
        while (at < _end)
        {
            var bytes = _window.At(at, Search);
            if (bytes.Length < JournalFrame.Magic.Length) return _end;
            var found = bytes.IndexOf(JournalFrame.Magic);
            if (found >= 0) return at + found;
            at += bytes.Length - JournalFrame.Magic.Length + 1;
        }
        return _end;
    }
}
