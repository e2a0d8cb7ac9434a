using Kache.Api;
using Kache.Host;

namespace Kache.Cli.Machine;

/// <summary>The parts that start, stop and undo share.</summary>
internal sealed class MachineFiles(HostPaths paths)
{
    public MachineFiles()
        : this(new HostPaths())
    {
    }

    public HostPaths Paths { get; } = paths;

    public JournalFile Journal { get; } = new(paths);

    public HostSetup Setup() => new(Paths, Journal);

    public static void RequireRoot(string command)
    {
        if (!HostCalls.IsRoot)
            throw new KacheException("not_allowed", $"'kache {command}' changes the whole machine, so it needs root: sudo kache {command} … For one command without root there is 'kache run'.");
    }
}
