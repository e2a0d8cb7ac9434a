using Kache.Exchanges;

namespace Kache.Playback.Matching;

/// <summary>
/// Of all that was recorded under a key, the answers that this request gets: DESIGN "Keys and playback" 2 and 3.
/// Vary never makes the key, it narrows. Pure.
/// </summary>
internal static class Narrowing
{
    /// <returns>Null when the request admits none of them.</returns>
    /// <param name="faithful">Keeps transient failures that a success follows.</param>
    public static AnswerClass? Select(CandidateSet set, in AskedRequest asked, bool faithful)
    {
        if (set.Unnegotiated is { } only) return faithful ? only : only.Settled;
        if (set.Count == 0) return null;
        var values = set.Fields.ValuesIn(asked.Fields);
        return Best(set, values, asked, notModified: false, faithful) ?? Best(set, values, asked, notModified: true, faithful);
    }

    /// <summary>The same, with what can be put together from pieces where nothing whole is there (BEHAVIOUR H8).</summary>
    public static AnswerClass? SelectOrJoin(CandidateSet set, in AskedRequest asked, bool faithful)
    {
        var answers = Select(set, asked, faithful);
        if (set.Count == 0 || answers is not null && (faithful || !answers.IsBroken)) return answers;
        return set.JoinedFor(asked) is { } joined ? Select(joined, asked, faithful) ?? answers : answers;
    }

    /// <summary>What keeps the request from the first answer under its key; one clause for a person.</summary>
    public static string Explain(CandidateSet set, in AskedRequest asked)
    {
        var values = set.Fields.ValuesIn(asked.Fields);
        var group = set.Groups[0];
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] == group.Values[i] || NegotiatedFields.OnlyRanks(i) && i != NegotiatedFields.Range) continue;
            return $"{set.Fields.Names[i]} was {Shown(group.Values[i])} and is {Shown(values[i])}";
        }
        return $"the recorded answer is a {group.Answers[0].Status} that needs the same request";
    }

    private static string Shown(string? value) => value is null ? "absent" : $"'{value}'";

    private static AnswerClass? Best(CandidateSet set, string?[] values, in AskedRequest asked, bool notModified, bool faithful)
    {
        var best = -1;
        List<RecordedAnswer>? chosen = null;
        var merged = false;
        foreach (var group in set.Groups)
        {
            var (rank, admitted) = Rank(set, group, values, asked, notModified);
            if (admitted.Count == 0 || rank < best) continue;
            if (rank > best) (best, chosen, merged) = (rank, admitted, false);
            else (chosen, merged) = ([.. chosen!, .. admitted], true);
        }
        if (chosen is null) return null;
        if (merged) chosen.Sort((a, b) => a.Exchange.Ordinal.CompareTo(b.Exchange.Ordinal));
        var answers = new AnswerClass(chosen);
        return faithful ? answers : answers.Settled;
    }

    private static (int Rank, List<RecordedAnswer> Admitted) Rank(
        CandidateSet set, RequestGroup group, string?[] asked, in AskedRequest request, bool notModified)
    {
        var admitted = new List<RecordedAnswer>();
        var best = -1;
        foreach (var answer in group.Answers)
        {
            if (answer.Status == 304 != notModified || !Admits(set, group, asked, answer) || !AdmitsPiece(group, asked, request, answer)) continue;
            if (notModified && !Conditions.AreTheSame(request.Fields, answer.Exchange.Request.Fields)) continue;
            admitted.Add(answer);
            best = Math.Max(best, Likeness.Of(set.Fields, group.Values, asked, answer));
        }
        return (best, admitted);
    }

    private static bool Admits(CandidateSet set, RequestGroup group, string?[] asked, RecordedAnswer answer)
    {
        if (answer.Status == 406 && asked[NegotiatedFields.Accept] != group.Values[NegotiatedFields.Accept]) return false;
        if (!AdmitsCodings(group, asked, answer)) return false;
        foreach (var name in answer.Vary)
        {
            var index = set.Fields.IndexOf(name);
            if (NegotiatedFields.OnlyRanks(index) || asked[index] == group.Values[index]) continue;
            if (!AdmitsOther(index, asked[index], answer)) return false;
        }
        return true;
    }

    /// <summary>A piece answers only the request for that piece; so does the word that there is none.</summary>
    private static bool AdmitsPiece(RequestGroup group, string?[] asked, in AskedRequest request, RecordedAnswer answer)
    {
        if (answer.Status is not (206 or 416)) return true;
        if (asked[NegotiatedFields.Range] != group.Values[NegotiatedFields.Range]) return false;
        // Under another validator the client wants the whole (RFC 9110 §13.1.5).
        var condition = request.Fields.Combined("if-range");
        return Conditions.RangeHolds(condition, answer) || condition == answer.Exchange.Request.Fields.Combined("if-range");
    }

    private static bool AdmitsCodings(RequestGroup group, string?[] asked, RecordedAnswer answer)
    {
        if (answer.Codings is null || Coding.IsSentAsIs(asked[NegotiatedFields.AcceptEncoding], group.Values[NegotiatedFields.AcceptEncoding], answer))
            return true;
        // A piece of an encoded body cannot be decoded by itself.
        return ContentCodings.CanUndo(answer.Codings) && answer.Status != 206;
    }

    private static bool AdmitsOther(int index, string? asked, RecordedAnswer answer) => index switch
    {
        NegotiatedFields.AcceptEncoding => true,
        // What is not a representation of the resource was not negotiated: redirects, errors.
        NegotiatedFields.Accept => !answer.IsWhole || Negotiation.AdmitsType(asked, answer.Exchange.Response.Fields.First("content-type")),
        NegotiatedFields.AcceptLanguage => !answer.IsWhole
            || Negotiation.AdmitsLanguage(asked, answer.Exchange.Response.Fields.Combined("content-language")),
        _ => false,
    };
}
