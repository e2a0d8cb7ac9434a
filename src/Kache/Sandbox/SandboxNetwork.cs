using System.Net;

namespace Kache.Sandbox;

/// <summary>
/// The addresses inside. The command's own network has a loopback and one cable, which is its way to everywhere. The cable's
/// other end is in the gateway, where every address in the world is local.
/// </summary>
internal static class SandboxNetwork
{
    /// <summary>198.18.0.0/15: for benchmarks of networks (RFC 2544), so nobody's; names get their addresses from it.</summary>
    public static readonly IPNetwork Pool = IPNetwork.Parse("198.18.0.0/15");

    public static readonly IPAddress Gateway = IPAddress.Parse("198.18.0.1");

    /// <summary>The command's, and so its session's.</summary>
    public static readonly IPAddress Client = IPAddress.Parse("198.18.0.2");

    public const byte Prefix = 24;

    /// <summary>A private /64 (RFC 4193) that nobody else sees.</summary>
    public static readonly IPAddress Gateway6 = IPAddress.Parse("fd6b:6163:6865::1");

    public static readonly IPAddress Client6 = IPAddress.Parse("fd6b:6163:6865::2");

    public const byte Prefix6 = 64;

    public const int DnsPort = 53;

    public static bool IsGateway(IPAddress address) => address.Equals(Gateway) || address.Equals(Gateway6);
}
