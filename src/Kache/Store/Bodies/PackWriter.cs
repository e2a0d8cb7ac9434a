using System.Buffers;
using Kache.Exchanges;
using Kache.Store.Folder;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store.Bodies;

/// <summary>
/// A session's packs, appended to. Places are given out under a lock, bytes are written without one. What was written
/// survives the end of this process at once, and a power loss after <see cref="Flush"/>.
/// </summary>
internal sealed class PackWriter(StorePaths paths, string sessionId) : IDisposable
{
    // A pack is what a collection rewrites at a time.
    private const long LongestPack = 1L << 30;

    private readonly Lock _gate = new();
    private readonly List<OpenPack> _packs = [];
    private int _next;
    private bool _made;

    /// <summary>The packs that are there already, before anything is written; every whole body in them.</summary>
    public IEnumerable<KeyValuePair<Digest, PackedBody>> Recover()
    {
        foreach (var name in paths.PackNames(sessionId))
        {
            _next = int.Parse(name.AsSpan(name.LastIndexOf('-') + 1)) + 1;
            using var pack = Disk.OpenRead(paths.Pack(name));
            // Its writer may have been killed before it flushed.
            RandomAccess.FlushToDisk(pack);
            foreach (var found in PackScan.Read(name, pack)) yield return found;
        }
    }

    /// <param name="frame">Room for a head, then the body.</param>
    /// <exception cref="IOException">No room, …</exception>
    public PackedBody Write(in Digest digest, Memory<byte> frame)
    {
        var (pack, offset) = Reserve(frame.Length);
        var sum = PackFrame.WriteHead(frame.Span, digest, frame.Span[PackFrame.HeadSize..], pack.Seed);
        RandomAccess.Write(pack.File, frame.Span, offset);
        return new PackedBody(pack.Name, offset + PackFrame.HeadSize, frame.Length - PackFrame.HeadSize, sum);
    }

    /// <summary>Copies a body from a file. It is read once more: it has just been written, so that it is in memory.</summary>
    /// <exception cref="IOException">No room, …</exception>
    public PackedBody Write(in Digest digest, SafeFileHandle body, int length, ulong sum)
    {
        var (pack, offset) = Reserve(PackFrame.HeadSize + length);
        var buffer = ArrayPool<byte>.Shared.Rent(PackFrame.HeadSize + BodyWriter.LongestHeld);
        try
        {
            PackFrame.WriteHead(buffer, digest, length, sum, pack.Seed);
            var (copied, held) = (0, PackFrame.HeadSize);
            var to = offset;
            while (copied < length || held > 0)
            {
                var read = copied == length ? 0 : RandomAccess.Read(body, buffer.AsSpan(held, Math.Min(length - copied, BodyWriter.LongestHeld)), copied);
                if (read == 0 && copied < length) throw new IOException($"A file of the session {sessionId} became shorter while it was read.");
                RandomAccess.Write(pack.File, buffer.AsSpan(0, held + read), to);
                to += held + read;
                copied += read;
                held = 0;
            }
            return new PackedBody(pack.Name, offset + PackFrame.HeadSize, length, sum);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>What was written before is on disk when this returns. One at a time.</summary>
    public void Flush()
    {
        OpenPack[] packs;
        bool made;
        lock (_gate)
        {
            packs = [.. _packs];
            (made, _made) = (_made, false);
        }
        // Full ones too: somebody may still have been writing there when it became full. A clean file costs nothing.
        foreach (var pack in packs) RandomAccess.FlushToDisk(pack.File);
        if (made) Disk.FlushFolder(paths.Packs);
    }

    public void Dispose()
    {
        foreach (var pack in _packs) pack.File.Dispose();
    }

    private (OpenPack Pack, long Offset) Reserve(int size)
    {
        lock (_gate)
        {
            if (_packs.Count == 0 || _packs[^1].End + size > LongestPack) _packs.Add(Make());
            var pack = _packs[^1];
            var offset = pack.End;
            pack.End = PackFrame.Aligned(offset + size);
            return (pack, offset);
        }
    }

    private OpenPack Make()
    {
        var name = StorePaths.PackName(sessionId, _next++);
        var file = Disk.OpenOrCreate(paths.Pack(name), FileMode.CreateNew);
        try
        {
            Span<byte> head = stackalloc byte[PackFrame.HeadSize];
            PackFrame.WritePackHead(head, out var seed);
            RandomAccess.Write(file, head, 0);
            _made = true;
            return new OpenPack(name, file, seed);
        }
        catch
        {
            file.Dispose();
            File.Delete(paths.Pack(name));
            throw;
        }
    }

    private sealed class OpenPack(string name, SafeFileHandle file, long seed)
    {
        public string Name => name;

        public SafeFileHandle File => file;

        public long Seed => seed;

        public long End { get; set; } = PackFrame.HeadSize;
    }
}
