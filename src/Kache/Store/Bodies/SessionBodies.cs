using System.Collections.Concurrent;
using Kache.Exchanges;
using Kache.Store.Folder;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store.Bodies;

/// <summary>
/// Where a recording session's bodies go: small ones into its packs, large ones become blobs. What the store holds
/// already is not written again.
/// </summary>
internal sealed class SessionBodies : IDisposable
{
    private readonly StoredBodies _stored;
    private readonly string _folder;
    private readonly PackWriter _packs;
    private readonly ConcurrentDictionary<Digest, Task<PackedBody>> _packed = new();
    private int _temporary;

    public SessionBodies(StoredBodies stored, string sessionId)
    {
        _stored = stored;
        _folder = stored.Paths.Session(sessionId);
        _packs = new PackWriter(stored.Paths, sessionId);
    }

    public string DataFolder => _stored.Paths.Folder;

    /// <summary>Reads what an earlier process left: whole bodies are known again, unfinished files go.</summary>
    public void Recover()
    {
        foreach (var file in Directory.EnumerateFiles(_folder, "*" + StorePaths.Unfinished)) File.Delete(file);
        foreach (var (digest, place) in _packs.Recover()) _packed.TryAdd(digest, Task.FromResult(place));
    }

    /// <summary>A new file of the session's own; it is given another name or removed.</summary>
    public SafeFileHandle CreateTemporary(out string path)
    {
        path = Path.Combine(_folder, FormattableString.Invariant($"{Interlocked.Increment(ref _temporary)}{StorePaths.Unfinished}"));
        return Disk.OpenOrCreate(path, FileMode.CreateNew);
    }

    /// <param name="frame">Room for a frame's head, then the body.</param>
    public ValueTask PackAsync(Digest digest, Memory<byte> frame) => PackOnceAsync(digest, () => _packs.Write(digest, frame));

    public ValueTask PackAsync(Digest digest, SafeFileHandle body, int length, ulong sum) =>
        PackOnceAsync(digest, () => _packs.Write(digest, body, length, sum));

    /// <summary>Gives a finished file its place among the blobs, unless an equal one is there.</summary>
    public Task PublishAsync(Digest digest, SafeFileHandle file, string path, long length, ulong[] sums) => Disk.RunAsync(() =>
    {
        if (_stored.ReuseBlob(digest, length))
        {
            // Who wrote it may have been killed between its name and the flush of the folder.
            Disk.FlushFolder(Path.GetDirectoryName(_stored.Paths.Blob(digest))!);
            File.Delete(path);
            return;
        }
        SumsFile.Write(_stored.Paths, digest, length, sums);
        Disk.Publish(file, path, _stored.Paths.Blob(digest));
    });

    /// <summary>Packed bodies are on disk when this returns. One at a time.</summary>
    public void Flush() => _packs.Flush();

    public bool Holds(in Body body) => _packed.ContainsKey(body.Digest) || _stored.Holds(body);

    /// <summary>Where this session knows a body to be packed, in its packs or in others'.</summary>
    public PackedBody? Find(Digest digest) => _packed.TryGetValue(digest, out var place) ? Done(place) : null;

    /// <summary>All that this session knows to be packed, by digest.</summary>
    public IEnumerable<KeyValuePair<Digest, PackedBody>> Packed()
    {
        foreach (var digest in _packed.Keys.Order())
            if (Find(digest) is { } place) yield return new(digest, place);
    }

    public void Dispose() => _packs.Dispose();

    private static PackedBody? Done(Task<PackedBody> place)
    {
        // One that is not done belongs to an exchange that has not ended.
        if (!place.IsCompletedSuccessfully) return null;
#pragma warning disable RS0030 // it is complete: nothing is waited for
        return place.Result;
#pragma warning restore RS0030
    }

    /// <summary>Equal bodies that end at the same time are written once: the others wait for the first.</summary>
    private ValueTask PackOnceAsync(Digest digest, Func<PackedBody> write)
    {
        if (_packed.TryGetValue(digest, out var known)) return new ValueTask(known);
        var mine = new TaskCompletionSource<PackedBody>(TaskCreationOptions.RunContinuationsAsynchronously);
        known = _packed.GetOrAdd(digest, mine.Task);
        if (known != mine.Task) return new ValueTask(known);
        try
        {
            mine.SetResult(_stored.Reuse(digest) ?? write());
        }
        catch (Exception e)
        {
            // Whoever brings it again may have more luck.
            _packed.TryRemove(digest, out _);
            mine.SetException(e);
        }
        return new ValueTask(mine.Task);
    }
}
