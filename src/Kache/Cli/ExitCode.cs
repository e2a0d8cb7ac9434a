namespace Kache.Cli;

/// <summary>What the process ends with. A contract: docs/cli.md.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;

    /// <summary>Playback ended with misses.</summary>
    public const int Misses = 3;

    /// <summary>A strict session ended with gaps.</summary>
    public const int Gaps = 4;

    public const int NotAllowed = 5;

    /// <summary>The exit code of a refusal, by its token (docs/errors.md).</summary>
    public static int Of(string token) => token switch
    {
        "invalid" => WrongUsage,
        "unauthorized" or "not_allowed" => NotAllowed,
        _ => Failed,
    };
}
