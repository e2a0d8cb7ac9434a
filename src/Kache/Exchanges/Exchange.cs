namespace Kache.Exchanges;

/// <summary>A body as it went over the wire (content encoding kept, transfer coding removed).</summary>
/// <param name="Digest">SHA-256 of the bytes kept.</param>
/// <param name="Length">Bytes kept.</param>
/// <param name="Kept">False for a request body over the limit: its digest is known, its bytes are not in the store.</param>
internal readonly record struct Body(Digest Digest, long Length, bool Kept = true)
{
    public static readonly Body Empty = new(Digest.Empty, 0);
}

/// <summary>
/// The request as it was sent to the origin.
/// </summary>
/// <param name="Method">As received, case kept.</param>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Authority">What was dialled: SNI name, CONNECT target or original address, and the port connected to.</param>
/// <param name="Target">The request target byte for byte as Latin-1, in origin form (or <c>*</c>).</param>
/// <param name="Version"><c>1.0</c>, <c>1.1</c> or <c>2</c>: what the client spoke.</param>
/// <param name="Fields">Without hop-by-hop fields; credentials already replaced. <c>host</c> holds what the client gave (Host or :authority).</param>
/// <param name="Body"><see cref="Body.Empty"/> when there was none.</param>
internal sealed record RecordedRequest(
    string Method, string Scheme, Authority Authority, string Target, string Version, Fields Fields, Body Body);

/// <summary>How a response body was delimited on the wire from the origin. The numbers are on disk.</summary>
internal enum Framing
{
    /// <summary>No body: HEAD, 204, 304.</summary>
    None,

    /// <summary>By Content-Length, or by END_STREAM with a length given.</summary>
    Length,

    /// <summary>Chunked, or an h2 stream without a length.</summary>
    Chunked,

    /// <summary>By the end of the connection (HTTP/1.0 and 1.1 without either).</summary>
    Close,
}

/// <param name="Status">100…999, never 1xx.</param>
/// <param name="Reason">HTTP/1.1 reason phrase as Latin-1; empty over h2.</param>
/// <param name="Version">What the origin spoke: <c>1.0</c>, <c>1.1</c> or <c>2</c>.</param>
internal sealed record RecordedResponse(
    int Status, string Reason, string Version, Fields Fields, Framing Framing, Body Body, Fields Trailers);

/// <summary>How an exchange ended. The numbers are on disk.</summary>
internal enum ExchangeOutcome
{
    /// <summary>Received whole.</summary>
    Complete,

    /// <summary>The response began and did not end as its framing promised; the kept bytes are a beginning.</summary>
    Incomplete,

    /// <summary>No response came from the origin; the response in the exchange is Kache's own (502, 504, …).</summary>
    Failed,
}

/// <summary>One HTTP request and its response, with when and how it went.</summary>
/// <param name="Ordinal">0, 1, 2, … in the order in which the requests' heads arrived in the recording.</param>
/// <param name="Started">UTC, microseconds.</param>
/// <param name="Took">From the request's head to the response's last byte.</param>
/// <param name="Error">A token of docs/errors.md when the outcome is not Complete, else null.</param>
/// <param name="CertificateChain">SHA-256 over the origin's certificates (DER, leaf first), when TLS.</param>
/// <param name="Withheld">Names of request fields that the client sent and the origin did not get.</param>
internal sealed record Exchange(
    long Ordinal,
    DateTimeOffset Started,
    TimeSpan Took,
    RecordedRequest Request,
    RecordedResponse Response,
    ExchangeOutcome Outcome,
    string? Error = null,
    Digest? CertificateChain = null,
    IReadOnlyList<string>? Withheld = null);
