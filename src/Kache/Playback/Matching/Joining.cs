using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Kache.Exchanges;

namespace Kache.Playback.Matching;

/// <summary>
/// Makes wholes of pieces: answers to ranges, and beginnings of bodies that broke off (what a client resumes). Only pieces
/// under the same strong validator, of the same length of the whole and with the same content coding belong together. Pure.
/// </summary>
internal static class Joining
{
    /// <param name="answers">In recorded order.</param>
    /// <returns>Answers that look like a whole 200 and have their body in pieces.</returns>
    public static IReadOnlyList<RecordedAnswer> Of(IEnumerable<RecordedAnswer> answers)
    {
        var wholes = answers
            .Select(answer => (Answer: answer, Piece: PieceOf(answer, out var total, out var validator), total, validator))
            .Where(found => found.Piece is not null)
            .GroupBy(found => (found.validator, found.total, string.Join(',', found.Answer.Codings ?? [])));
        return [.. wholes.Select(whole => Join([.. whole.Select(found => found.Answer)], whole.Key.total, whole.Key.validator!, new JoinedBody(whole.Select(found => found.Piece!.Value))))];
    }

    /// <summary>Whether all that is to be made for this request is there.</summary>
    public static bool Suffices(RecordedAnswer joined, in AskedRequest asked)
    {
        var body = joined.Joined!;
        var making = Making.Of(joined, asked);
        return making.As switch
        {
            MadeAs.Recorded => asked.IsHead || body.Covers(0, joined.Exchange.Response.Body.Length),
            MadeAs.Range => making.Ranges!.All(range => body.Covers(range.First, range.Length)),
            MadeAs.NotModified or MadeAs.RangeNotSatisfiable => true,
            // To be decoded it would have to be read from its beginning.
            _ => false,
        };
    }

    private static BodyPiece? PieceOf(RecordedAnswer answer, out long total, out string? validator)
    {
        var (exchange, response) = (answer.Exchange, answer.Exchange.Response);
        total = 0;
        validator = null;
        if (exchange.Request.Method != "GET" || response.Body.Length == 0 || (validator = Validators.Strong(response.Fields)) is null) return null;
        if (answer.Status == 206 && ContentRange.Parse(response.Fields.First("content-range")) is { First: { } first, Last: { } last, Total: { } whole })
        {
            total = whole;
            // More than it says is not what it says.
            return response.Body.Length <= last - first + 1 ? new BodyPiece(first, response.Body) : null;
        }
        if (answer.Status != 200 || exchange.Outcome != ExchangeOutcome.Incomplete || response.Framing != Framing.Length) return null;
        return long.TryParse(response.Fields.First("content-length"), NumberStyles.None, CultureInfo.InvariantCulture, out total) && response.Body.Length <= total
            ? new BodyPiece(0, response.Body)
            : null;
    }

    private static RecordedAnswer Join(ImmutableArray<RecordedAnswer> pieces, long total, string validator, JoinedBody body)
    {
        // An answer to a request for the whole describes it better than one for a piece.
        var like = (pieces.FirstOrDefault(piece => piece.Status == 200) ?? pieces[0]).Exchange;
        var fields = like.Response.Fields.Without(name => name is "content-range" or "content-length" or "content-digest" or "content-md5")
            .Append(new Field("content-length", total.ToString(CultureInfo.InvariantCulture)));
        var response = like.Response with
        {
            Status = 200,
            Reason = like.Response.Reason.Length == 0 ? "" : "OK",
            Fields = new Fields([.. fields]),
            Framing = Framing.Length,
            // No body of the store: a name for it.
            Body = new Body(Digest.Of(Encoding.Latin1.GetBytes($"{total} {validator}")), total),
            Trailers = Fields.None,
        };
        var request = like.Request with { Fields = like.Request.Fields.Without(name => name is "range" or "if-range") };
        return new RecordedAnswer(like with { Request = request, Response = response, Outcome = ExchangeOutcome.Complete, Error = null }) { Joined = body };
    }
}
