using Kache.Api;
using Kache.Server;

namespace Kache.Cli.Running;

/// <summary>What <c>run</c> was told.</summary>
/// <param name="Session">What is to be recorded or played back; without clients.</param>
/// <param name="Server">How the server within is composed.</param>
/// <param name="Words">Of the command.</param>
internal sealed record RunRequest(OpenSession Session, ServeOptions Server, IReadOnlyList<string> Words)
{
    /// <summary>TCP ports that are served beside 80 and 443.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];

    /// <summary>Sockets that the command may use although they lead around.</summary>
    public IReadOnlyList<string> SharedSockets { get; init; } = [];

    /// <summary>Where the report goes, as JSON.</summary>
    public string? Report { get; init; }

    /// <summary>A recording gets its tag although the command failed.</summary>
    public bool TagAnyway { get; init; }

    public bool NoSandbox { get; init; }

    public bool Cold { get; init; }

    /// <summary>The command, byte for byte, as the kernel has it at the end of our own words.</summary>
    public List<byte[]> Command => Sandbox.Kernel.Processes.Own("cmdline")[^Words.Count..];
}
