namespace Kache.Host;

/// <summary>
/// The systemd unit that undoes at boot what outlives a reboot. A package may have installed it for good; else start puts one
/// there for the time of the session.
/// </summary>
internal static class BootUndo
{
    public const string UnitName = "kache-host-undo.service";

    private const string UnitFolder = "/etc/systemd/system";
    private const string Wanted = $"{UnitFolder}/sysinit.target.wants";

    public static IEnumerable<HostStep> Steps(HostPaths paths)
    {
        if (!Directory.Exists(paths.At("/run/systemd/system"))) yield break;
        var installed = new[] { UnitFolder, "/usr/lib/systemd/system", "/lib/systemd/system" }.Any(folder => File.Exists(paths.At($"{folder}/{UnitName}")));
        var link = paths.At($"{Wanted}/{UnitName}");
        if (!installed) yield return new MadeFile(paths.At($"{UnitFolder}/{UnitName}"), Unit(Program()));
        if (!SafeFile.IsThere(link)) yield return new MadeLink(link, $"{UnitFolder}/{UnitName}");
    }

    /// <summary>This program, as a unit starts it.</summary>
    private static string Program()
    {
        var program = Environment.ProcessPath ?? "kache";
        return Path.GetFileName(program) == "dotnet" ? $"{program} {Path.Combine(AppContext.BaseDirectory, "kache.dll")}" : program;
    }

    private static string Unit(string program) => $"""
        [Unit]
        Description=Undo what kache start changed on this machine before it was restarted
        ConditionPathExists=/var/lib/kache-host/journal.json
        DefaultDependencies=no
        After=local-fs.target
        Before=sysinit.target

        [Service]
        Type=oneshot
        ExecStart={program} host-undo

        """;
}
