using Kache.Api;

namespace Kache.Cli.Output;

/// <summary>How a session ended: its facts, its lists, and the exit code they make.</summary>
internal static class EndReport
{
    // A terminal's worth; the log and --json have all that is kept.
    private const int MostLines = 50;

    public static int Write(Shell shell, SessionClosed closed, bool json)
    {
        if (json) shell.WriteJson(closed, ApiJson.Default.SessionClosed);
        else if (closed.Mode == "record") WriteRecord(shell, closed);
        else WritePlayback(shell, closed);
        return Code(closed);
    }

    public static int Code(SessionClosed closed)
    {
        if (closed.Mode == "playback" && closed.MissCount > 0) return ExitCode.Misses;
        return closed.Strict && closed.GapCount > 0 ? ExitCode.Gaps : ExitCode.Done;
    }

    private static void WriteRecord(Shell shell, SessionClosed closed)
    {
        shell.Out.WriteLine($"tag       {closed.Tag}{(closed.TagMoved ? "" : " (not moved)")}");
        WriteAmounts(shell, closed);
        shell.Out.WriteLine($"gaps      {closed.GapCount}");
        shell.Out.WriteLine($"digest    {closed.Digest ?? "none"}");
        WriteGaps(shell, closed);
    }

    private static void WritePlayback(Shell shell, SessionClosed closed)
    {
        shell.Out.WriteLine($"tag       {closed.Tag}");
        WriteAmounts(shell, closed);
        shell.Out.WriteLine($"misses    {closed.MissCount}");
        shell.Out.WriteLine($"digest    {closed.Digest ?? "none"}");
        foreach (var miss in closed.Misses.Take(MostLines))
        {
            shell.Out.WriteLine($"miss      {miss.Method} {miss.Url}");
            if (miss.Closest is not null) shell.Out.WriteLine($"          closest: {miss.Closest}");
        }
        WriteRest(shell, closed.MissCount, "misses", closed.Id);
        WriteGaps(shell, closed);
    }

    private static void WriteAmounts(Shell shell, SessionClosed closed)
    {
        shell.Out.WriteLine($"session   {closed.Id}");
        shell.Out.WriteLine($"requests  {closed.Requests}");
        shell.Out.WriteLine($"hosts     {closed.Hosts}");
        shell.Out.WriteLine($"bytes     {closed.Bytes} ({Words.Bytes(closed.Bytes)})");
    }

    private static void WriteGaps(Shell shell, SessionClosed closed)
    {
        foreach (var gap in closed.Gaps.Take(MostLines)) shell.Out.WriteLine($"gap       {gap.Kind} {gap.Where}: {gap.Detail}");
        WriteRest(shell, closed.GapCount, "gaps", closed.Id);
    }

    private static void WriteRest(Shell shell, long count, string what, string id)
    {
        if (count > MostLines) shell.Out.WriteLine($"          and {count - MostLines} more {what}; 'kache log {id}' lists every answer.");
    }
}
