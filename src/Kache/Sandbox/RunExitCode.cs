namespace Kache.Sandbox;

/// <summary>What a run ends with when it is not the command that says so; the numbers are those of env(1) and timeout(1).</summary>
internal static class RunExitCode
{
    public const int KacheFailed = 125;
    public const int NotExecutable = 126;
    public const int NotFound = 127;
}
