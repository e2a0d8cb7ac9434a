using Kache.Exchanges;

namespace Kache.Playback.Matching;

/// <summary>A recorded exchange with what matching wants to know of its response, read once.</summary>
internal sealed class RecordedAnswer
{
    public RecordedAnswer(Exchange exchange)
    {
        Exchange = exchange;
        var fields = exchange.Response.Fields;
        Codings = ContentCodings.Applied(fields.Combined("content-encoding"));
        Vary = NamesOf(fields.Combined("vary"));
        ETag = fields.First("etag")?.Trim();
    }

    public Exchange Exchange { get; }

    public int Status => Exchange.Response.Status;

    /// <summary>Content codings applied, or null for none.</summary>
    public IReadOnlyList<string>? Codings { get; }

    /// <summary>Names in Vary, lower case; empty for none and for <c>*</c>.</summary>
    public IReadOnlyList<string> Vary { get; }

    public string? ETag { get; }

    /// <summary>Where the body is, when it was recorded in pieces; null for an answer as it was recorded.</summary>
    public JoinedBody? Joined { get; init; }

    /// <summary>A body that can be cut and compared: all of it is there.</summary>
    public bool IsWhole => Status == 200 && Exchange.Outcome == ExchangeOutcome.Complete;

    /// <summary>Says that this was asked in vain and may go better the next time.</summary>
    public bool IsTransientFailure =>
        Exchange.Outcome != ExchangeOutcome.Complete || Status is 408 or 425 or 429 or 500 or 502 or 503 or 504;

    public bool IsSuccess => Exchange.Outcome == ExchangeOutcome.Complete && Status is >= 200 and < 400;

    /// <summary>What its answer looks like once prepared for sending; kept here so that it is made once.</summary>
    public object? Prepared { get; set; }

    /// <summary>Nobody could tell the two apart but by when they were given.</summary>
    public bool SaysTheSameAs(RecordedAnswer other)
    {
        var (mine, others) = (Exchange.Response, other.Exchange.Response);
        return mine.Status == others.Status
            && Exchange.Outcome == other.Exchange.Outcome
            && mine.Body.Digest == others.Body.Digest
            && mine.Framing == others.Framing
            && mine.Reason == others.Reason
            && mine.Trailers.Equals(others.Trailers)
            && mine.Fields.Without(IsClock).Equals(others.Fields.Without(IsClock));
    }

    /// <summary>The same answer to the same request.</summary>
    public bool Repeats(RecordedAnswer other) =>
        Exchange.Request.Fields.Equals(other.Exchange.Request.Fields) && SaysTheSameAs(other);

    private static bool IsClock(string name) => name is "date" or "age";

    private static IReadOnlyList<string> NamesOf(string? vary)
    {
        if (vary is null) return [];
        List<string>? names = null;
        foreach (var part in vary.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            // "*" says that even an equal request may be answered otherwise: no help in choosing (BEHAVIOUR H10).
            if (part == "*") return [];
            var name = part.ToLowerInvariant();
            if (!IsIrrelevant(name)) (names ??= []).Add(name);
        }
        return names ?? [];
    }

    // The host is in the key; hop-by-hop fields never reached the origin; validators are answered from the whole.
    private static bool IsIrrelevant(string name) =>
        name is "host" or "connection" or "keep-alive" or "proxy-connection" or "te" or "transfer-encoding" or "upgrade" or "proxy-authorization"
            or "if-none-match" or "if-modified-since" or "if-range" or "if-match" or "if-unmodified-since" or "expect"
            // Numbers that clients draw for each run or request (BEHAVIOUR C9): the same request never has the same.
            or "x-nuget-session-id" or "x-request-id" or "x-correlation-id" or "request-id" or "traceparent" or "tracestate";
}
