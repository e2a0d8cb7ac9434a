using Kache.Certificates;

namespace Kache.Api;

/// <summary>The handlers: what can be asked, done for one caller, whose rights are checked here and nowhere else.</summary>
/// <param name="end">What is to be closed with it; nothing when the parts belong to somebody else.</param>
internal sealed class KacheApi(ApiParts parts, Caller caller, Func<ValueTask>? end = null) : IKacheApi
{
    private readonly SessionHandlers _sessions = new(parts, caller);
    private readonly RecordingHandlers _recordings = new(parts, caller);
    private readonly QuestionHandlers _questions = new(parts, caller);
    private readonly TokenHandlers _tokens = new(parts, caller);

    public string Description => parts.Facts.Description;

    public async Task<ServerStatus> StatusAsync(CancellationToken cancellation) => new(
        parts.Facts.Version, parts.Store.Folder, parts.Facts.PlaybackOnly, parts.Facts.Listening, await _sessions.ListAsync(cancellation));

    public Task<SessionOpened> OpenSessionAsync(OpenSession request, CancellationToken cancellation) => _sessions.OpenAsync(request, cancellation);

    public Task<IReadOnlyList<SessionInfo>> SessionsAsync(CancellationToken cancellation) => _sessions.ListAsync(cancellation);

    public Task<SessionInfo> SessionAsync(string id, CancellationToken cancellation) => _sessions.FindAsync(id, cancellation);

    public Task<SessionClosed> CloseSessionAsync(string id, CloseSession request, CancellationToken cancellation) =>
        _sessions.CloseAsync(id, request, cancellation);

    public Task RewindSessionAsync(string id, CancellationToken cancellation) => _sessions.RewindAsync(id, cancellation);

    public IAsyncEnumerable<LogEntry> LogAsync(string sessionId, CancellationToken cancellation) => _sessions.LogAsync(sessionId, cancellation);

    public Task<IReadOnlyList<TagInfo>> TagsAsync(CancellationToken cancellation) => _recordings.TagsAsync(cancellation);

    public Task<RecordingInfo> ShowAsync(string reference, CancellationToken cancellation) => _recordings.ShowAsync(reference, cancellation);

    public Task<TagInfo> TagAsync(string reference, string newTag, CancellationToken cancellation) => _recordings.TagAsync(reference, newTag, cancellation);

    public Task RemoveAsync(string reference, CancellationToken cancellation) => _recordings.RemoveAsync(reference, cancellation);

    public Task<WhyInfo> WhyAsync(WhyRequest request, CancellationToken cancellation) => _questions.WhyAsync(request, cancellation);

    public Task<VerifyInfo> VerifyAsync(string reference, CancellationToken cancellation) => _questions.VerifyAsync(reference, cancellation);

    public Task<DiffInfo> DiffAsync(string old, string current, CancellationToken cancellation) => _questions.DiffAsync(old, current, cancellation);

    public Task<TokenCreated> CreateTokenAsync(CreateToken request, CancellationToken cancellation) => _tokens.CreateAsync(request, cancellation);

    public Task<IReadOnlyList<TokenInfo>> TokensAsync(CancellationToken cancellation) => _tokens.ListAsync(cancellation);

    public Task RevokeTokenAsync(string name, CancellationToken cancellation) => _tokens.RevokeAsync(name, cancellation);

    public Task<CaInfo> CaAsync(CancellationToken cancellation) => Task.FromResult(Describe(parts.Authority()));

    public ValueTask DisposeAsync() => end?.Invoke() ?? ValueTask.CompletedTask;

    public static CaInfo Describe(CertificateAuthority authority) => new(
        authority.Pem, authority.Fingerprint.ToString(), authority.Certificate.Subject,
        new DateTimeOffset(authority.Certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero));
}
