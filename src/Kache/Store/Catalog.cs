using Kache.Exchanges;

namespace Kache.Store;

/// <param name="MovedAt">When the tag came to point here.</param>
internal sealed record TagEntry(TagName Tag, Digest Digest, DateTimeOffset MovedAt);

/// <summary>A session as it is kept, so that a restarted server goes on with it.</summary>
/// <param name="Id">Short random identifier, lower-case letters and digits.</param>
/// <param name="Mode"><c>record</c> or <c>playback</c>.</param>
/// <param name="Reference">As the user gave it.</param>
/// <param name="Resolved">The recording played back; null in record.</param>
/// <param name="Clients">Client addresses bound to the session.</param>
/// <param name="SecretHash">SHA-256 of the explicit proxy's secret.</param>
/// <param name="OwnerToken">Name of the API token that opened it, or null for the local user.</param>
/// <param name="OptionsJson">The session's options, as the Sessions feature writes them.</param>
internal sealed record SessionEntry(
    string Id, string Mode, string Reference, Digest? Resolved, IReadOnlyList<string> Clients,
    byte[] SecretHash, string? OwnerToken, string OptionsJson, DateTimeOffset OpenedAt, DateTimeOffset? ClosedAt);

/// <param name="Hash">SHA-256 of the token.</param>
/// <param name="Allow">As given: <c>record:PATTERN</c>, <c>playback:PATTERN</c>, <c>admin</c>.</param>
internal sealed record TokenEntry(string Name, byte[] Hash, IReadOnlyList<string> Allow, DateTimeOffset CreatedAt);

/// <summary>What changes: tags with their history, sessions, tokens. Small transactions in SQLite (WAL).</summary>
internal sealed class Catalog
{
    /// <summary>Moves a tag (makes it when new) and keeps where it was in its history, atomically.</summary>
    public Task MoveTagAsync(TagName tag, Digest digest, CancellationToken cancellation) => throw new NotImplementedException();

    public Task<bool> RemoveTagAsync(TagName tag, CancellationToken cancellation) => throw new NotImplementedException();

    public Task<IReadOnlyList<TagEntry>> TagsAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Where the tag has been, newest first, the present place included.</summary>
    public Task<IReadOnlyList<TagEntry>> HistoryAsync(TagName tag, CancellationToken cancellation) => throw new NotImplementedException();

    public Task SaveSessionAsync(SessionEntry session, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Sessions, running ones first, newest first.</summary>
    public Task<IReadOnlyList<SessionEntry>> SessionsAsync(bool onlyRunning, CancellationToken cancellation) => throw new NotImplementedException();

    /// <returns>False when a token of that name exists.</returns>
    public Task<bool> AddTokenAsync(TokenEntry token, CancellationToken cancellation) => throw new NotImplementedException();

    public Task<bool> RemoveTokenAsync(string name, CancellationToken cancellation) => throw new NotImplementedException();

    public Task<IReadOnlyList<TokenEntry>> TokensAsync(CancellationToken cancellation) => throw new NotImplementedException();
}
