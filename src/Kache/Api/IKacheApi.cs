namespace Kache.Api;

/// <summary>
/// What the CLI can ask for. Two implementations: a client over HTTP (TLS or the Unix socket),
/// and the same handlers in this process on a data folder that no server owns.
/// </summary>
internal interface IKacheApi : IAsyncDisposable
{
    /// <summary>What this is, for people: <c>store /var/lib/kache (this process)</c>, <c>server https://…</c>.</summary>
    string Description { get; }

    Task<ServerStatus> StatusAsync(CancellationToken cancellation);

    Task<SessionOpened> OpenSessionAsync(OpenSession request, CancellationToken cancellation);

    Task<IReadOnlyList<SessionInfo>> SessionsAsync(CancellationToken cancellation);

    Task<SessionInfo> SessionAsync(string id, CancellationToken cancellation);

    Task<SessionClosed> CloseSessionAsync(string id, CloseSession request, CancellationToken cancellation);

    /// <summary>Every sequence of answers of a playback session begins again.</summary>
    Task RewindSessionAsync(string id, CancellationToken cancellation);

    IAsyncEnumerable<LogEntry> LogAsync(string sessionId, CancellationToken cancellation);

    Task<IReadOnlyList<TagInfo>> TagsAsync(CancellationToken cancellation);

    Task<RecordingInfo> ShowAsync(string reference, CancellationToken cancellation);

    Task<TagInfo> TagAsync(string reference, string newTag, CancellationToken cancellation);

    /// <summary>A tag: removes the tag. A digest: removes the recording when no tag points to it.</summary>
    Task RemoveAsync(string reference, CancellationToken cancellation);

    /// <summary>Which recorded answer a request would get, or why none.</summary>
    Task<WhyInfo> WhyAsync(WhyRequest request, CancellationToken cancellation);

    /// <summary>Reads all of a recording and plays it back to itself.</summary>
    Task<VerifyInfo> VerifyAsync(string reference, CancellationToken cancellation);

    Task<DiffInfo> DiffAsync(string old, string current, CancellationToken cancellation);

    Task<TokenCreated> CreateTokenAsync(CreateToken request, CancellationToken cancellation);

    Task<IReadOnlyList<TokenInfo>> TokensAsync(CancellationToken cancellation);

    Task RevokeTokenAsync(string name, CancellationToken cancellation);

    Task<CaInfo> CaAsync(CancellationToken cancellation);
}

/// <summary>A request that was understood and not done. Becomes an <see cref="ApiError"/>, a status and an exit code.</summary>
/// <param name="token">Of docs/errors.md: <c>unknown_reference</c>, <c>not_allowed</c>, <c>invalid</c>, <c>conflict</c>, …</param>
internal sealed class KacheException(string token, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Token { get; } = token;
}
