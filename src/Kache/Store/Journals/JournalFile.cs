using Kache.Store.Folder;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store.Journals;

/// <summary>
/// The file that a session's entries are appended to. Whoever comes while another writes is written with the next batch;
/// nobody waits for a lock around I/O. Room for marks is kept in reserve behind its end, so that a full disk can be told.
/// </summary>
internal sealed class JournalFile : IDisposable
{
    // Some thousand marks.
    private const long Reserve = 1024 * 1024;

    // The reserve is moved on in steps, so that few appends ask the file system for room.
    private const long Step = 256 * 1024;

    private readonly SafeFileHandle _file;
    private readonly string _folder;
    private readonly Lock _gate = new();
    private List<Waiting> _waiting = [];
    private bool _writing;
    private long _end;
    private long _reserved;
    private bool _cannotReserve;

    private JournalFile(SafeFileHandle file, string folder, long seed, long end) =>
        (_file, _folder, Seed, _end, _reserved) = (file, folder, seed, end, end);

    public SafeFileHandle File => _file;

    public long Seed { get; }

    /// <summary>Entries before this are written; they survive the end of the process.</summary>
    public long End => Interlocked.Read(ref _end);

    /// <summary>Opens the file for this process alone.</summary>
    /// <exception cref="DataFolderException">In use, or not a journal.</exception>
    public static JournalFile Open(string path, string dataFolder)
    {
        var isNew = !System.IO.File.Exists(path);
        var file = Disk.OpenOrCreate(path);
        try
        {
            if (!Disk.TryLock(file, exclusive: true))
                throw new DataFolderException($"The journal {path} is being written by another kache process. Close that session there first.");
            var length = RandomAccess.GetLength(file);
            Span<byte> head = stackalloc byte[JournalFrame.FileHeadSize];
            // A crash while it was made leaves less than a head, and nothing behind it.
            if (length < JournalFrame.FileHeadSize)
            {
                JournalFrame.WriteFileHead(head, out var made);
                RandomAccess.Write(file, head, 0);
                RandomAccess.FlushToDisk(file);
                Disk.FlushFolder(Path.GetDirectoryName(path)!);
                return new JournalFile(file, dataFolder, made, JournalFrame.FileHeadSize);
            }
            RandomAccess.Read(file, head, 0);
            if (!JournalFrame.TryReadFileHead(head, out var seed))
                throw new DataFolderException($"{path} is not a journal of this kache's format, or its head is damaged. Its session cannot go on; move the file away to begin anew.");
            return new JournalFile(file, dataFolder, seed, length);
        }
        catch (IOException e) when (isNew && Disk.IsFull(e))
        {
            file.Dispose();
            System.IO.File.Delete(path);
            throw StoreFullException.On(dataFolder, e);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Takes away what stands behind the last sound entry, and sets the reserve aside.</summary>
    public void CutAt(long end)
    {
        if (end != _end) RandomAccess.SetLength(_file, end);
        Interlocked.Exchange(ref _end, end);
        _reserved = end;
        TryReserve(end + Reserve);
    }

    /// <summary>Writes over what is no sound entry; its place is as long as the frame.</summary>
    public void Overwrite(long offset, ReadOnlySpan<byte> frame) => RandomAccess.Write(_file, frame, offset);

    /// <param name="frame">With its head; not touched any more when the task is done.</param>
    /// <param name="isMark">May use the reserve.</param>
    public Task AppendAsync(ReadOnlyMemory<byte> frame, bool isMark)
    {
        var mine = new Waiting(frame, isMark);
        List<Waiting> batch;
        lock (_gate)
        {
            _waiting.Add(mine);
            if (_writing) return mine.Task;
            _writing = true;
            batch = Take();
        }
        Write(batch);
        // Those who came meanwhile are not this caller's work.
        if (HasMore()) ThreadPool.UnsafeQueueUserWorkItem(static file => file.WriteWaiting(), this, preferLocal: false);
        return mine.Task;
    }

    public void Flush() => RandomAccess.FlushToDisk(_file);

    public void Dispose()
    {
        Disk.Unlock(_file);
        _file.Dispose();
    }

    private void WriteWaiting()
    {
        do
        {
            List<Waiting> batch;
            lock (_gate) batch = Take();
            Write(batch);
        }
        while (HasMore());
    }

    private bool HasMore()
    {
        lock (_gate) return _writing = _waiting.Count > 0;
    }

    private List<Waiting> Take()
    {
        var batch = _waiting;
        _waiting = [];
        return batch;
    }

    private void Write(List<Waiting> batch)
    {
        try
        {
            var size = 0L;
            foreach (var each in batch) size += each.Frame.Length;
            if (TryReserve(_end + size + Reserve) && TryWrite(batch, size, out _)) return;
            // No room for all of them: what fits goes in, marks by means of the reserve.
            foreach (var each in batch)
            {
                IOException? failure = null;
                if (!each.IsMark && !TryReserve(_end + each.Frame.Length + Reserve)) each.SetException(StoreFullException.On(_folder));
                else if (!TryWrite([each], each.Frame.Length, out failure)) each.SetException(StoreFullException.Of(failure!, _folder));
            }
        }
        catch (Exception e)
        {
            // Nobody may wait for ever, whatever it was; each is told.
            foreach (var each in batch) each.TrySetException(e);
        }
    }

    private bool TryWrite(List<Waiting> batch, long size, out IOException? failure)
    {
        try
        {
            if (batch.Count == 1) RandomAccess.Write(_file, batch[0].Frame.Span, _end);
            else RandomAccess.Write(_file, batch.ConvertAll(each => each.Frame), _end);
        }
        catch (IOException e)
        {
            failure = e;
            // Part of it may be there, whole entries too that were not promised to anybody.
            if (RandomAccess.GetLength(_file) > _end)
            {
                RandomAccess.SetLength(_file, _end);
                _reserved = Math.Min(_reserved, _end);
            }
            return false;
        }
        Interlocked.Add(ref _end, size);
        foreach (var each in batch) each.SetResult();
        failure = null;
        return true;
    }

    /// <returns>False when there is no room for it.</returns>
    private bool TryReserve(long upTo)
    {
        if (_cannotReserve || upTo <= _reserved) return true;
        return TryReserveExactly(upTo + Step) || TryReserveExactly(upTo);
    }

    private bool TryReserveExactly(long upTo)
    {
        try
        {
            _cannotReserve = !Disk.TryReserve(_file, _reserved, upTo - _reserved);
            _reserved = upTo;
            return true;
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            return false;
        }
    }

    private sealed class Waiting(ReadOnlyMemory<byte> frame, bool isMark) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public ReadOnlyMemory<byte> Frame => frame;

        public bool IsMark => isMark;
    }
}
