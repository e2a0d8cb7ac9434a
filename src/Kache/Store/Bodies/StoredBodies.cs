using Kache.Exchanges;
using Kache.Store.Folder;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store.Bodies;

/// <summary>The bodies of a whole store: opened by digest, and found again by whoever would write them a second time.</summary>
internal sealed class StoredBodies(StorePaths paths, BodyPlaces places, TimeProvider clock)
{
    // A collection leaves alone what is younger than a day; a pack touched this long ago is young enough.
    private static readonly TimeSpan TouchAgainAfter = TimeSpan.FromHours(1);

    private readonly Dictionary<string, DateTimeOffset> _touched = new(StringComparer.Ordinal);
    private readonly Lock _touching = new();

    public StorePaths Paths => paths;

    public BodyPlaces Places => places;

    /// <summary>A packed body that may be referred to again; its pack is touched first, so that no collection takes it meanwhile.</summary>
    public PackedBody? Reuse(in Digest digest) =>
        places.Find(digest) is { } place && Touch(place.Pack) ? place : null;

    /// <summary>Whether a blob is there whole and may be referred to again; it is touched first.</summary>
    public bool ReuseBlob(in Digest digest, long length)
    {
        var file = new FileInfo(paths.Blob(digest));
        return file.Exists && file.Length == length && TryTouch(file.FullName);
    }

    /// <summary>Whether the store holds it, by what is known without reading it.</summary>
    public bool Holds(in Body body)
    {
        if (body.Length == 0 || !body.Kept) return true;
        var file = new FileInfo(paths.Blob(body.Digest));
        if (file.Exists && file.Length == body.Length) return true;
        return places.Find(body.Digest) is { } place && place.Length == body.Length && File.Exists(paths.Pack(place.Pack));
    }

    /// <summary>Wherever it lies; null when it is nowhere.</summary>
    public BodyReader? Open(in Digest digest)
    {
        if (digest == Digest.Empty) return BodyReader.OfNothing();
        if (TryOpen(paths.Blob(digest)) is { } blob) return BodyReader.OfBlob(paths, digest, blob);
        return places.Find(digest) is { } place && TryOpen(paths.Pack(place.Pack)) is { } pack
            ? BodyReader.OfPacked(digest, place, pack, owned: true)
            : null;
    }

    public BodyReader? OpenBlob(in Digest digest) =>
        TryOpen(paths.Blob(digest)) is { } blob ? BodyReader.OfBlob(paths, digest, blob) : null;

    public SafeFileHandle? OpenPack(string name) => TryOpen(paths.Pack(name));

    private bool Touch(string pack)
    {
        lock (_touching)
        {
            var now = clock.GetUtcNow();
            if (_touched.TryGetValue(pack, out var last) && now - last < TouchAgainAfter) return true;
            if (!TryTouch(paths.Pack(pack))) return false;
            _touched[pack] = now;
            return true;
        }
    }

    private bool TryTouch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, clock.GetUtcNow().UtcDateTime);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return Disk.OpenRead(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
