using System.Runtime.CompilerServices;
using Kache.Exchanges;
using Kache.Store.Bodies;
using Kache.Store.Folder;
using Kache.Store.Recordings;

namespace Kache.Store;

/// <summary>What a reference turned out to be.</summary>
internal abstract record Resolution
{
    internal sealed record Found(Digest Digest) : Resolution;

    internal sealed record Unknown : Resolution;

    /// <param name="Candidates">Recordings that the short digest could mean.</param>
    internal sealed record Ambiguous(IReadOnlyList<Digest> Candidates) : Resolution;

    private Resolution()
    {
    }
}

internal enum StoreAccess
{
    /// <summary>The one <c>serve</c> of the folder: takes the exclusive lock.</summary>
    Server,

    /// <summary>A command or a <c>run</c> beside it.</summary>
    Companion,
}

/// <summary>What was made again from the files, and what could not be.</summary>
/// <param name="PackedBodies">Whole bodies found in packs.</param>
/// <param name="TornFrames">Frames in packs whose bodies are not whole: a crash or a full disk left them, or they are damaged.</param>
/// <param name="Recordings">Recordings whose indexes were made.</param>
/// <param name="Damaged">Recordings that cannot be opened, and why.</param>
internal sealed record RebuildReport(long PackedBodies, long TornFrames, int Recordings, IReadOnlyList<(Digest Recording, string Why)> Damaged);

/// <summary>One open data folder. Everything below it is laid out in docs/store-format.md.</summary>
internal sealed class DataStore : IAsyncDisposable
{
    // As a collection has it: what is younger than this may be in use.
    private static readonly TimeSpan LongestWriting = TimeSpan.FromHours(24);

    private readonly FolderGate _gate;
    private readonly StorePaths _paths;
    private readonly BodyPlaces _places;
    private readonly StoredBodies _bodies;
    private readonly TimeProvider _clock;
    private int _disposed;

    private DataStore(FolderGate gate, StorePaths paths, Catalog catalog, BodyPlaces places, TimeProvider clock)
    {
        (_gate, _paths, Catalog, _places, _clock) = (gate, paths, catalog, places, clock);
        _bodies = new StoredBodies(paths, places, clock);
    }

    /// <summary>Opens the folder, makes it (mode 0700) when it is not there, recovers what a crash left.</summary>
    /// <exception cref="DataFolderException">In use, of a newer format, on a network file system, not permitted, …</exception>
    public static Task<DataStore> OpenAsync(string folder, StoreAccess access, TimeProvider clock, CancellationToken cancellation) =>
        Disk.RunAsync(() => Open(folder, access, clock, cancellation), cancellation);

    /// <summary>Absolute path of the data folder.</summary>
    public string Folder => _paths.Folder;

    public Catalog Catalog { get; }

    /// <summary>Opens a session's journal: a new one, or the one a crashed process left, with its torn tail cut.</summary>
    public async Task<SessionJournal> OpenJournalAsync(string sessionId, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return await SessionJournal.OpenAsync(_bodies, sessionId, _clock);
    }

    /// <summary>
    /// Turns a journal into a recording: flushes, writes segments and manifest. Does not move a tag and leaves the journal;
    /// the caller moves the tag, then calls <see cref="RemoveJournal"/>. Sealing twice gives the same digest. Memory is flat.
    /// </summary>
    /// <exception cref="StoreFullException">No room for the recording; the journal has everything still.</exception>
    public async Task<Digest> SealAsync(SessionJournal journal, CancellationToken cancellation)
    {
        await journal.FlushAsync(cancellation);
        return await Disk.RunAsync(() =>
        {
            try
            {
                var digest = new Sealer(_paths, journal).Seal(cancellation);
                _places.Add(journal.Bodies.Packed());
                new IndexBuilder(_paths, _bodies, journal.Bodies.Find).Build(digest, Manifest.Read(_paths, digest), cancellation);
                return digest;
            }
            catch (IOException e)
            {
                throw StoreFullException.Of(e, Folder);
            }
        }, cancellation);
    }

    /// <summary>Removes what recording left of a session; others may keep files of theirs beside it.</summary>
    public void RemoveJournal(string sessionId)
    {
        var folder = _paths.Session(sessionId);
        if (!Directory.Exists(folder)) return;
        File.Delete(_paths.Journal(sessionId));
        foreach (var file in Directory.EnumerateFiles(folder, "*" + StorePaths.Unfinished)) File.Delete(file);
        Disk.FlushFolder(folder);
        if (Directory.EnumerateFileSystemEntries(folder).Any()) return;
        Directory.Delete(folder);
        Disk.FlushFolder(_paths.Sessions);
    }

    public async Task<Resolution> ResolveAsync(Reference reference, CancellationToken cancellation)
    {
        if (reference.DigestPrefix is null)
        {
            return await Catalog.FindTagAsync(reference.Tag!.Value, cancellation) is { } entry
                ? new Resolution.Found(entry.Digest)
                : new Resolution.Unknown();
        }
        return StorePaths.Digests(_paths.Recordings, reference.DigestPrefix) switch
        {
            [] => new Resolution.Unknown(),
            [var only] => new Resolution.Found(only),
            var several => new Resolution.Ambiguous(several),
        };
    }

    /// <summary>Every sealed recording, tagged or not.</summary>
    public async IAsyncEnumerable<Digest> RecordingsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var digest in await Disk.RunAsync(() => StorePaths.Digests(_paths.Recordings, ""), cancellation)) yield return digest;
    }

    /// <exception cref="DataFolderException">The recording is not here, or is damaged.</exception>
    public Task<SealedRecording> OpenRecordingAsync(Digest digest, CancellationToken cancellation) => Disk.RunAsync(() =>
    {
        var manifest = Manifest.Read(_paths, digest);
        var index = RecordingIndex.TryOpen(_paths, digest) ?? Reindex(digest, manifest, cancellation);
        try
        {
            return new SealedRecording(digest, _bodies, manifest, index);
        }
        catch
        {
            index.Dispose();
            throw;
        }
    }, cancellation);

    /// <summary>Removes a recording's manifest; bodies that nothing refers to go with the next collection.</summary>
    public Task<bool> RemoveRecordingAsync(Digest digest, CancellationToken cancellation) => Disk.RunAsync(() =>
    {
        var path = _paths.Recording(digest);
        if (!File.Exists(path)) return false;
        File.Delete(path);
        Disk.FlushFolder(Path.GetDirectoryName(path)!);
        if (File.Exists(_paths.Index(digest))) File.Delete(_paths.Index(digest));
        return true;
    }, cancellation);

    /// <summary>
    /// Makes everything derived again from the files: where packed bodies lie, and the indexes of all recordings. Tags,
    /// sessions and tokens are in the catalog alone, and are left as they are.
    /// </summary>
    public Task<RebuildReport> RebuildAsync(CancellationToken cancellation) => Disk.RunAsync(() =>
    {
        RemoveLeftovers();
        var (found, torn) = RebuildPlaces(_paths, _places, cancellation);
        var damaged = new List<(Digest, string)>();
        var recordings = 0;
        foreach (var digest in StorePaths.Digests(_paths.Recordings, ""))
        {
            try
            {
                new IndexBuilder(_paths, _bodies).Build(digest, Manifest.Read(_paths, digest), cancellation);
                recordings++;
            }
            catch (DataFolderException e)
            {
                damaged.Add((digest, e.Message));
            }
        }
        return new RebuildReport(found, torn, recordings, damaged);
    }, cancellation);

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return ValueTask.CompletedTask;
        Catalog.Dispose();
        _places.Dispose();
        _gate.Dispose();
        return ValueTask.CompletedTask;
    }

    private static DataStore Open(string folder, StoreAccess access, TimeProvider clock, CancellationToken cancellation)
    {
        var paths = new StorePaths(Path.GetFullPath(folder));
        var gate = FolderGate.Enter(paths, access);
        Catalog? catalog = null;
        BodyPlaces? places = null;
        try
        {
            OpeningReserve.GiveUp(paths);
            catalog = Catalog.Open(paths.Catalog, clock);
            places = BodyPlaces.Open(paths.Bodies);
            OpeningReserve.Take(paths);
            // A new folder, or one whose derived part was taken away.
            if (!places.IsComplete) RebuildPlaces(paths, places, cancellation);
            return new DataStore(gate, paths, catalog, places, clock);
        }
        catch
        {
            places?.Dispose();
            catalog?.Dispose();
            gate.Dispose();
            throw;
        }
    }

    private static (long Found, long Torn) RebuildPlaces(StorePaths paths, BodyPlaces places, CancellationToken cancellation)
    {
        long found = 0, torn = 0;
        var names = paths.PackNames();
        foreach (var gone in places.Packs().Except(names, StringComparer.Ordinal)) places.Forget(gone);
        foreach (var name in names)
        {
            using var pack = Disk.OpenRead(paths.Pack(name));
            // What others may refer to from now on has to be there after a power loss.
            RandomAccess.FlushToDisk(pack);
            places.Replace(name, PackScan.Read(name, pack, () => torn++).Select(body =>
            {
                cancellation.ThrowIfCancellationRequested();
                found++;
                return body;
            }));
        }
        places.SetComplete();
        return (found, torn);
    }

    /// <summary>Unfinished derived files whose makers were killed; a young one may be somebody's at work.</summary>
    private void RemoveLeftovers()
    {
        var old = _clock.GetUtcNow().UtcDateTime - LongestWriting;
        foreach (var folder in (string[])[_paths.Sums, _paths.Indexes])
        {
            if (!Directory.Exists(folder)) continue;
            foreach (var file in Directory.EnumerateFiles(folder, "*" + StorePaths.Unfinished, SearchOption.AllDirectories))
                if (File.GetLastWriteTimeUtc(file) < old) File.Delete(file);
        }
    }

    private RecordingIndex Reindex(in Digest digest, Manifest manifest, CancellationToken cancellation)
    {
        try
        {
            new IndexBuilder(_paths, _bodies).Build(digest, manifest, cancellation);
        }
        catch (IOException e)
        {
            throw StoreFullException.Of(e, Folder);
        }
        return RecordingIndex.TryOpen(_paths, digest)
            ?? throw new DataFolderException($"The index of the recording {digest} could not be made in {Folder}: what was written there is not what is read. Check the disk.");
    }
}
