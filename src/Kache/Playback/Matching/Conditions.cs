using Kache.Exchanges;

namespace Kache.Playback.Matching;

/// <summary>What a request asks of the validators that were recorded with an answer (RFC 9110 §13). Pure.</summary>
internal static class Conditions
{
    public static bool AnyIn(IAskedFields fields) =>
        fields.Combined("if-none-match") is not null || fields.Combined("if-modified-since") is not null;

    public static bool IsNotModified(IAskedFields asked, RecordedAnswer answer) =>
        Validators.AreCurrent(asked.Combined("if-none-match"), asked.Combined("if-modified-since"), answer.Exchange.Response.Fields);

    /// <summary>Both requests named the same validators.</summary>
    public static bool AreTheSame(IAskedFields asked, Fields recorded) =>
        asked.Combined("if-none-match") == recorded.Combined("if-none-match")
        && asked.Combined("if-modified-since") == recorded.Combined("if-modified-since");

    /// <summary>RFC 9110 §13.1.5: a strong entity tag, or the exact date; anything else asks for the whole.</summary>
    public static bool RangeHolds(string? ifRange, RecordedAnswer answer)
    {
        if (ifRange is null) return true;
        var validator = ifRange.Trim();
        return validator.StartsWith('"') ? validator == answer.ETag
            : !Validators.IsWeak(validator) && validator == answer.Exchange.Response.Fields.First("last-modified");
    }
}
