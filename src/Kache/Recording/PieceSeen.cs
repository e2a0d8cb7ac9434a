using Kache.Exchanges;
using Kache.Sessions;
using Kache.Upstream;

namespace Kache.Recording;

/// <summary>A client asked for a piece of something and has its answer; the whole may be wanted in playback.</summary>
/// <param name="Asked">The request's fields, with the credentials that it sent.</param>
/// <param name="Answer">Fields of the 206 or 416.</param>
/// <param name="Pool">Where the request went.</param>
internal sealed record PieceSeen(RequestRoute Route, Fields Asked, Fields Answer, UpstreamPool Pool)
{
    private static readonly string[] AboutPieces = ["range", "if-range", "if-none-match", "if-modified-since", "if-match", "if-unmodified-since"];

    /// <returns>Null for everything that is no answer to a GET with a Range.</returns>
    public static PieceSeen? Of(string method, int status, RequestRoute route, Fields asked, Fields answer, UpstreamPool pool) =>
        method == "GET" && status is 206 or 416 && asked.Contains("range") ? new PieceSeen(route, asked, answer, pool) : null;

    public ContentRange? Range => ContentRange.Parse(Answer.First("content-range"));

    /// <summary>The same request for the whole.</summary>
    public Fields AskedForWhole => Asked.Without(name => AboutPieces.Contains(name));

    /// <summary>Names of the fields that <see cref="AskedForWhole"/> lacks, as the exchange notes them.</summary>
    public IReadOnlyList<string> Withheld => [.. AboutPieces.Where(Asked.Contains)];
}
