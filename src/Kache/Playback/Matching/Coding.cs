using Kache.Exchanges;

namespace Kache.Playback.Matching;

/// <summary>Whether an encoded answer goes to the client as it was recorded (BEHAVIOUR H9). Pure.</summary>
internal static class Coding
{
    /// <param name="asked">The request's Accept-Encoding.</param>
    /// <param name="recorded">The recorded request's.</param>
    public static bool IsSentAsIs(string? asked, string? recorded, RecordedAnswer answer)
    {
        if (answer.Codings is not { } codings) return true;
        // Who asks as was asked gets what was got, even where the origin encoded unasked.
        if (asked == recorded || ContentCodings.Accepts(asked, codings)) return true;
        if (ContentCodings.CanUndo(codings)) return false;
        // Not to be decoded here: an origin that does not negotiate would send the same again.
        return asked is null || !answer.Vary.Contains("accept-encoding");
    }
}
