using Kache.Exchanges;

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

/// <summary>One open data folder. Everything below it is laid out in docs/store-format.md.</summary>
internal sealed class DataStore : IAsyncDisposable
{
    /// <summary>Opens the folder, makes it (mode 0700) when it is not there, recovers what a crash left.</summary>
    /// <exception cref="DataFolderException">In use, of a newer format, on a network file system, not permitted, …</exception>
    public static Task<DataStore> OpenAsync(string folder, StoreAccess access, TimeProvider clock, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Absolute path of the data folder.</summary>
    public string Folder => throw new NotImplementedException();

    public Catalog Catalog => throw new NotImplementedException();

    /// <summary>Opens a session's journal: a new one, or the one a crashed process left, with its torn tail cut.</summary>
    public Task<SessionJournal> OpenJournalAsync(string sessionId, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>
    /// Turns a journal into a recording: flushes, writes segments and manifest. Does not move a tag and leaves the journal;
    /// the caller moves the tag, then calls <see cref="RemoveJournal"/>. Sealing twice gives the same digest. Memory is flat.
    /// </summary>
    public Task<Digest> SealAsync(SessionJournal journal, CancellationToken cancellation) => throw new NotImplementedException();

    public void RemoveJournal(string sessionId) => throw new NotImplementedException();

    public Task<Resolution> ResolveAsync(Reference reference, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Every sealed recording, tagged or not.</summary>
    public IAsyncEnumerable<Digest> RecordingsAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <exception cref="DataFolderException">The recording is not here, or is damaged.</exception>
    public Task<SealedRecording> OpenRecordingAsync(Digest digest, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Removes a recording's manifest; bodies that nothing refers to go with the next collection.</summary>
    public Task<bool> RemoveRecordingAsync(Digest digest, CancellationToken cancellation) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
