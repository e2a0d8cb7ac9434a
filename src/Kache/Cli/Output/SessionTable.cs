using Kache.Api;

namespace Kache.Cli.Output;

internal static class SessionTable
{
    public static void Write(TextWriter output, IReadOnlyList<SessionInfo> sessions)
    {
        var table = new Table("SESSION", "MODE", "TAG", "CLIENTS", "OWNER", "REQUESTS", "BYTES", "GAPS", "MISSES", "ACTIVE", "OPENED").Numbers(5, 6, 7, 8, 9);
        foreach (var s in sessions)
        {
            table.Add(s.Id, s.Mode, s.Tag, s.Clients.Count == 0 ? "(proxy)" : string.Join(',', s.Clients), s.Owner ?? "(local)",
                $"{s.Requests}", Words.Bytes(s.Bytes), $"{s.Gaps}", $"{s.Misses}", $"{s.Active}", Words.Time(s.OpenedAt));
        }
        table.Write(output);
    }
}
