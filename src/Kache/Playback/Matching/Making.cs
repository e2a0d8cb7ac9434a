using Kache.Exchanges;

namespace Kache.Playback.Matching;

/// <summary>What is to be made of a recorded answer for one request.</summary>
/// <param name="Decode">The client takes the answer without its content coding only; its fields change, whatever is made.</param>
/// <param name="Ranges">For <see cref="MadeAs.Range"/>: one, or several for a multipart answer.</param>
internal readonly record struct Making(MadeAs As, bool Decode = false, IReadOnlyList<ByteRange>? Ranges = null)
{
    /// <summary>From the whole make what was asked: DESIGN "Keys and playback" 5. Pure.</summary>
    public static Making Of(RecordedAnswer answer, in AskedRequest asked)
    {
        var recorded = answer.Exchange.Request.Fields;
        var decode = answer.Codings is not null
            && !Coding.IsSentAsIs(asked.Fields.Combined("accept-encoding")?.Trim(), recorded.Combined("accept-encoding")?.Trim(), answer);
        if (!answer.IsWhole || asked.Method is not ("GET" or "HEAD")) return new Making(AsRecorded(answer, decode), decode);
        if (Conditions.AnyIn(asked.Fields) && Conditions.IsNotModified(asked.Fields, answer)) return new Making(MadeAs.NotModified, decode);
        if (decode) return new Making(MadeAs.Decoded, Decode: true);
        return RangesFor(answer, asked) switch
        {
            null => new Making(MadeAs.Recorded),
            [] => new Making(MadeAs.RangeNotSatisfiable),
            var ranges => new Making(MadeAs.Range, Ranges: ranges),
        };
    }

    /// <summary>What the client sees.</summary>
    public int StatusOf(RecordedAnswer answer) => As switch
    {
        MadeAs.NotModified => 304,
        MadeAs.Range => 206,
        MadeAs.RangeNotSatisfiable => 416,
        _ => answer.Status,
    };

    private static MadeAs AsRecorded(RecordedAnswer answer, bool decode) => answer.Exchange.Outcome switch
    {
        ExchangeOutcome.Incomplete => MadeAs.Incomplete,
        ExchangeOutcome.Failed => MadeAs.Failure,
        _ => decode ? MadeAs.Decoded : MadeAs.Recorded,
    };

    private static IReadOnlyList<ByteRange>? RangesFor(RecordedAnswer answer, in AskedRequest asked)
    {
        // RFC 9110 §14.2: Range is defined for GET alone.
        if (asked.Method != "GET" || asked.Fields.Combined("range") is not { } range) return null;
        // The origin was asked for this range and sent the whole: it does so again.
        if (range == answer.Exchange.Request.Fields.Combined("range")) return null;
        if (answer.Exchange.Response.Fields.First("accept-ranges") is { } accepts && accepts.Trim() == "none") return null;
        return Conditions.RangeHolds(asked.Fields.Combined("if-range"), answer)
            ? ByteRanges.Of(range, answer.Exchange.Response.Body.Length)
            : null;
    }
}
