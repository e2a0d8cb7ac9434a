using Kache.Exchanges;

namespace Kache.Store;

/// <summary>
/// What a running session has recorded: an append-only file of its own. Thread safe, without a lock
/// around I/O of the caller. An appended entry survives kill -9 at once, power loss within a second.
/// </summary>
internal sealed class SessionJournal : IAsyncDisposable
{
    public string SessionId => throw new NotImplementedException();

    /// <summary>The next exchange's ordinal; taken when the request's head has arrived. Goes on after a restart.</summary>
    public long NextOrdinal() => throw new NotImplementedException();

    /// <summary>A writer for one body, whose bytes are packed with this session's other small bodies or become a blob.</summary>
    public BodyWriter CreateBody() => throw new NotImplementedException();

    /// <exception cref="StoreFullException">No room.</exception>
    public ValueTask AppendAsync(Exchange exchange) => throw new NotImplementedException();

    /// <exception cref="StoreFullException">No room.</exception>
    public ValueTask AppendAsync(NameLookup lookup) => throw new NotImplementedException();

    /// <summary>Also works when the disk is full: a reserve is released for it.</summary>
    public ValueTask AppendAsync(Gap gap) => throw new NotImplementedException();

    /// <summary>Returns when everything appended before is on disk.</summary>
    public Task FlushAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Counts of what was appended, kept up to date while it runs.</summary>
    public RecordingSummary Summary => throw new NotImplementedException();

    /// <summary>Highest ordinal of a replaced credential by scheme, so that a restarted session goes on counting.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
