namespace Kache.Playback.Matching;

/// <summary>Which candidates answered: DESIGN "Keys and playback" 1.</summary>
internal enum MatchStep
{
    /// <summary>The same key.</summary>
    Exact,

    /// <summary>A HEAD, from what GET was answered with.</summary>
    HeadFromGet,

    /// <summary>The same target without the parameters that sign it.</summary>
    Unsigned,

    /// <summary>The same without what the configuration ignores.</summary>
    Configured,
}

/// <summary>What the log calls the steps. The names are a contract: docs/matching.md.</summary>
internal static class StepNames
{
    public const string Miss = "miss";

    private static readonly string[,] Names = Cross("");
    private static readonly string[,] JoinedNames = Cross("+joined");

    /// <param name="joined">The body was put together from pieces.</param>
    public static string Of(MatchStep step, MadeAs made, bool joined = false) => (joined ? JoinedNames : Names)[(int)step, (int)made];

    // Written out once, so that naming an answer costs nothing.
    private static string[,] Cross(string joined)
    {
        string[] steps = ["exact", "head-from-get", "unsigned", "configured"];
        string[] makings = ["", "+decoded", "+not-modified", "+range", "+range-not-satisfiable", "+incomplete", "+failure", "+damaged"];
        var names = new string[steps.Length, makings.Length];
        for (var step = 0; step < steps.Length; step++)
        {
            for (var making = 0; making < makings.Length; making++)
                names[step, making] = steps[step] + joined + makings[making];
        }
        return names;
    }
}

/// <summary>What was made of a recorded answer. The order is that of <see cref="StepNames"/>.</summary>
internal enum MadeAs
{
    /// <summary>As it was recorded.</summary>
    Recorded,

    /// <summary>Its content coding undone.</summary>
    Decoded,

    /// <summary>304: the client has it.</summary>
    NotModified,

    /// <summary>206 with one part or several.</summary>
    Range,

    /// <summary>416.</summary>
    RangeNotSatisfiable,

    /// <summary>The kept beginning of a body, then broken off.</summary>
    Incomplete,

    /// <summary>The failure that Kache answered with while recording.</summary>
    Failure,

    /// <summary>The stored body is not what was recorded; broken off before the first wrong byte.</summary>
    Damaged,
}
