namespace Kache.Playback.Questions;

/// <summary>Something about a recording that is not as it should be.</summary>
/// <param name="Kind"><c>body</c>: stored bytes. <c>replay</c>: what is answered.</param>
/// <param name="What">A digest, or a method and a URL.</param>
/// <param name="Detail">One clause for a person.</param>
internal sealed record Problem(string Kind, string What, string Detail)
{
    public static Problem OfBody(Exchanges.Digest digest, string detail) => new("body", digest.ToString(), detail);

    public static Problem OfReplay(Matching.AskedRequest asked, string detail) => new("replay", $"{asked.Method} {asked.Url}", detail);
}
