namespace Kache.Playback.Matching;

/// <summary>Which requests move a sequence of answers on. Pure.</summary>
internal static class Turns
{
    /// <summary>
    /// HEAD, ranges and conditional requests look at the next answer and leave it there; a HEAD that was recorded
    /// as such is an answer of its own.
    /// </summary>
    public static bool Takes(in AskedRequest asked, AnswerClass answers) =>
        !answers.Differ
        || ((!asked.IsHead || answers.Answers[0].Exchange.Request.Method == "HEAD")
            && asked.Fields.Combined("range") is null
            && !Conditions.AnyIn(asked.Fields));
}
