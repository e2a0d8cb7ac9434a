namespace Kache.Api;

// What the API says and takes, as JSON in snake_case; /api/v1. Field names are a contract (docs/api.md).

/// <param name="Mode"><c>record</c> or <c>playback</c>.</param>
/// <param name="Reference">TAG, TAG@sha256:… or sha256:…; record takes a tag only.</param>
/// <param name="Clients">Source addresses to bind; <c>self</c> means the caller's own as the server sees it.</param>
internal sealed record OpenSession(
    string Mode, string Reference, IReadOnlyList<string>? Clients = null, bool Strict = false,
    IReadOnlyList<string>? Bypass = null, IReadOnlyList<int>? Ports = null, IReadOnlyList<string>? Http1 = null,
    IReadOnlyList<string>? InsecureUpstream = null, bool Faithful = false, IReadOnlyList<string>? Ignore = null);

/// <param name="Secret">Shown once: password of the explicit proxy, user is the id.</param>
/// <param name="Proxy">URL with id and secret, null when the explicit proxy is off.</param>
/// <param name="Clients">Bound addresses.</param>
/// <param name="Dns">Addresses of the DNS server the client may use; empty when DNS is off.</param>
/// <param name="Ca">The CA certificate, PEM.</param>
/// <param name="Probe">A host name that only Kache answers, over DNS and HTTPS, to prove the path.</param>
internal sealed record SessionOpened(
    string Id, string Mode, string Reference, string? Digest, string Secret, string? Proxy,
    IReadOnlyList<string> Clients, IReadOnlyList<string> Dns, int DnsPort, string Ca, string Fingerprint, string Probe);

internal sealed record SessionInfo(
    string Id, string Mode, string Tag, string? Digest, IReadOnlyList<string> Clients, DateTimeOffset OpenedAt,
    DateTimeOffset? ClosedAt, string? Owner, long Requests, long Bytes, long Gaps, long Misses, int Active);

internal sealed record GapInfo(DateTimeOffset At, string Kind, string Where, string Detail);

internal sealed record MissInfo(DateTimeOffset At, string Method, string Url, string? Closest);

/// <summary>How a session ended. <see cref="Digest"/>: what record sealed, or what playback played.</summary>
internal sealed record SessionClosed(
    string Id, string Mode, string Tag, string? Digest, long Requests, int Hosts, long Bytes,
    long GapCount, IReadOnlyList<GapInfo> Gaps, long MissCount, IReadOnlyList<MissInfo> Misses, bool Strict, bool TagMoved);

internal sealed record TagInfo(string Tag, string Digest, DateTimeOffset MovedAt, long Requests, long Bytes, int Hosts, int Gaps);

internal sealed record HostInfo(string Host, long Requests, long Bytes);

internal sealed record RecordingInfo(
    string Digest, IReadOnlyList<string> Tags, long Requests, long Bytes, IReadOnlyList<HostInfo> Hosts,
    IReadOnlyList<GapInfo> Gaps, IReadOnlyList<TagMove> History);

internal sealed record TagMove(string Tag, string Digest, DateTimeOffset MovedAt);

/// <summary>One answered request of a session. <see cref="Step"/> names the rule that matched (docs/matching.md).</summary>
internal sealed record LogEntry(DateTimeOffset At, string Method, string Url, int Status, long Bytes, double Millis, string Step);

internal sealed record TokenInfo(string Name, IReadOnlyList<string> Allow, DateTimeOffset CreatedAt);

internal sealed record CreateToken(string Name, IReadOnlyList<string> Allow);

internal sealed record TokenCreated(string Name, string Token);

internal sealed record CaInfo(string Pem, string Fingerprint, string Subject, DateTimeOffset NotAfter);

internal sealed record ServerStatus(string Version, string Data, bool PlaybackOnly, IReadOnlyList<string> Listening, IReadOnlyList<SessionInfo> Sessions);

internal sealed record CloseSession(double? WaitSeconds = null, bool NoWait = false, bool MoveTag = true);

/// <param name="Error">Token of docs/errors.md.</param>
/// <param name="Message">What happened, to what, and what to do next.</param>
internal sealed record ApiError(string Error, string Message);

/// <summary>Makes or moves a tag.</summary>
internal sealed record SetTag(string Reference, string Tag);

internal sealed record HeaderInfo(string Name, string Value);

/// <param name="Reference">TAG, TAG@sha256:… or sha256:….</param>
/// <param name="Url">Absolute; its path and query are taken byte for byte.</param>
/// <param name="Body">Digest of what the request's body says (docs/matching.md); null for none.</param>
internal sealed record WhyRequest(
    string Reference, string Url, string Method = "GET", IReadOnlyList<HeaderInfo>? Headers = null, string? Body = null, bool Faithful = false);

/// <summary>A recorded answer.</summary>
/// <param name="Outcome"><c>complete</c>, <c>incomplete</c> or <c>failed</c>.</param>
internal sealed record AnswerInfo(DateTimeOffset At, string Method, string Url, int Status, string? Type, long Bytes, string Digest, string Outcome);

internal sealed record NearInfo(string Method, string Url, string Difference);

/// <summary>Which recorded answer a request gets. <see cref="Step"/> names the rule (docs/matching.md), or is <c>miss</c>.</summary>
/// <param name="Answers">The sequence of which a session gives one after the other; empty for a miss.</param>
/// <param name="Reason">Why it is a miss; null otherwise.</param>
internal sealed record WhyInfo(
    string Digest, string Method, string Url, string Step, int Status, IReadOnlyList<AnswerInfo> Answers, string? Reason, IReadOnlyList<NearInfo> Closest);

/// <param name="Kind"><c>body</c> or <c>replay</c>.</param>
internal sealed record ProblemInfo(string Kind, string What, string Detail);

/// <param name="Bodies">Different bodies that were read, and their bytes.</param>
/// <param name="Problems">The first thousand of <paramref name="ProblemCount"/>.</param>
internal sealed record VerifyInfo(
    string Digest, long Requests, long Bodies, long Bytes, long Incomplete, long Failed, long ProblemCount, IReadOnlyList<ProblemInfo> Problems);

/// <summary>What a request got.</summary>
internal sealed record GivenInfo(int Status, string Digest, long Bytes, string Outcome);

/// <param name="Change"><c>added</c>, <c>gone</c> or <c>changed</c>.</param>
internal sealed record ChangeInfo(string Change, string Host, string Method, string Url, IReadOnlyList<GivenInfo> Was, IReadOnlyList<GivenInfo> Is);

internal sealed record HostChanges(string Host, long Added, long Gone, long Changed, long Same);

internal sealed record DiffInfo(string Old, string New, IReadOnlyList<HostChanges> Hosts, IReadOnlyList<ChangeInfo> Changes);
