namespace Kache.Playback.Matching;

/// <summary>
/// How like two requests of one key are in what they negotiated; more is liker. One number, so that
/// the order of importance is written in one place. Pure.
/// </summary>
internal static class Likeness
{
    /// <param name="recorded">Values in the recorded request.</param>
    /// <param name="asked">Values in the request to be answered.</param>
    public static int Of(NegotiatedFields fields, string?[] recorded, string?[] asked, RecordedAnswer answer)
    {
        var rank = 0;
        // A client that sends its credentials at once gets what they open, not the demand for them (BEHAVIOUR H4b).
        Add(ref rank, IsAnsweredDemand(recorded, asked, answer) ? 0 : 1);
        Add(ref rank, EqualInVary(fields, recorded, asked, answer) ? 1 : 0);
        Add(ref rank, OfPresence(recorded[NegotiatedFields.Authorization], asked[NegotiatedFields.Authorization]));
        Add(ref rank, OfRange(recorded[NegotiatedFields.Range], asked[NegotiatedFields.Range]));
        Add(ref rank, OfAccept(recorded[NegotiatedFields.Accept], asked[NegotiatedFields.Accept], answer));
        Add(ref rank, OfCoding(recorded[NegotiatedFields.AcceptEncoding], asked[NegotiatedFields.AcceptEncoding], answer));
        Add(ref rank, OfPresence(recorded[NegotiatedFields.Cookie], asked[NegotiatedFields.Cookie]));
        Add(ref rank, OfLanguage(recorded[NegotiatedFields.AcceptLanguage], asked[NegotiatedFields.AcceptLanguage], answer));
        Add(ref rank, OfPresence(recorded[NegotiatedFields.Origin], asked[NegotiatedFields.Origin]));
        Add(ref rank, OfPresence(recorded[NegotiatedFields.UserAgent], asked[NegotiatedFields.UserAgent]));
        return rank;
    }

    // Two bits a rank: 0 to 3, the first added weighs most.
    private static void Add(ref int rank, int value) => rank = rank << 2 | value;

    private static bool IsAnsweredDemand(string?[] recorded, string?[] asked, RecordedAnswer answer) =>
        answer.Status is 401 or 407 && recorded[NegotiatedFields.Authorization] is null && asked[NegotiatedFields.Authorization] is not null;

    private static bool EqualInVary(NegotiatedFields fields, string?[] recorded, string?[] asked, RecordedAnswer answer)
    {
        foreach (var name in answer.Vary)
        {
            var index = fields.IndexOf(name);
            if (recorded[index] != asked[index]) return false;
        }
        return true;
    }

    private static int OfPresence(string? recorded, string? asked) =>
        recorded == asked ? 2 : recorded is null == asked is null ? 1 : 0;

    // The same piece; else the whole, of which any piece can be made; else an origin that ignored another range.
    private static int OfRange(string? recorded, string? asked) => recorded == asked ? 2 : recorded is null ? 1 : 0;

    private static int OfAccept(string? recorded, string? asked, RecordedAnswer answer) =>
        recorded == asked ? 2 : Negotiation.AdmitsType(asked, answer.Exchange.Response.Fields.First("content-type")) ? 1 : 0;

    private static int OfCoding(string? recorded, string? asked, RecordedAnswer answer) =>
        recorded == asked ? 3
        : answer.Codings is null ? 1
        : Coding.IsSentAsIs(asked, recorded, answer) ? 2 : 0;

    private static int OfLanguage(string? recorded, string? asked, RecordedAnswer answer) =>
        recorded == asked ? 2 : Negotiation.AdmitsLanguage(asked, answer.Exchange.Response.Fields.Combined("content-language")) ? 1 : 0;
}
