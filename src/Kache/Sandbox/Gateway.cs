using System.Net;
using Kache.Sandbox.Kernel;

namespace Kache.Sandbox;

/// <summary>What a socket that was made inside is for.</summary>
internal enum GatewaySocketKind
{
    /// <summary>TCP, bound and not yet listening: clients' connections.</summary>
    Connections,
    DnsOverUdp,
    DnsOverTcp,

    /// <summary>Sees how clients begin, on whatever port.</summary>
    Beginnings,
}

/// <param name="IsSix">Of IPv6; each family has its own.</param>
internal sealed record GatewaySocket(GatewaySocketKind Kind, int Port, bool IsSix);

/// <summary>
/// Makes the two networks of a sandbox: the one that this process is in becomes the command's; the gateway is new, and lives
/// as long as a socket made in it. Runs as root of the namespaces' owner.
/// </summary>
internal sealed class Gateway
{
    private const int Loopback = 1;

    // Far above those that the kernel hands out: no other interface of a new network has it.
    private const int Cable = 1000;

    private const string NoIpv6 = "/proc/sys/net/ipv6/conf/all/disable_ipv6";
    private const string InnerName = "eth0";
    private const string OuterName = "gate";

    public List<GatewaySocket> Sockets { get; } = [];

    /// <summary>In the same order; they are the caller's.</summary>
    public List<int> Descriptors { get; } = [];

    public static Gateway Make(IReadOnlyList<int> ports)
    {
        var gateway = new Gateway();
        Exception? failure = null;
        // A thread of its own: it changes networks, and nobody else shall.
        var thread = new Thread(() =>
        {
            try
            {
                gateway.Build(ports);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? gateway : throw new IOException(failure.Message, failure);
    }

    private void Build(IReadOnlyList<int> ports)
    {
        using var inner = Namespaces.OpenNetwork();
        var six = NetworkSockets.HasIpv6();
        var innerLink = NetworkSockets.Netlink();
        // On machines where it is turned off by a setting, these two networks have it all the same: literals are tried.
        Set(NoIpv6, "0");
        Namespaces.UnshareNetwork();
        Set(NoIpv6, "0");
        var link = NetworkSockets.Netlink();
        NetworkSockets.Request(link, NetlinkMessage.Cable(OuterName, InnerName, Cable, (int)inner.DangerousGetHandle()), "making the sandbox's network");
        // An address that answers pings is one that is there; none of them is.
        Set("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1");
        Set("/proc/sys/net/ipv6/icmp/echo_ignore_all", "1");
        Do(link, NetlinkMessage.SetUp(Loopback));
        Do(link, NetlinkMessage.SetUp(Cable));
        Do(innerLink, NetlinkMessage.SetUp(Loopback));
        Do(innerLink, NetlinkMessage.SetUp(Cable));
        Do(link, NetlinkMessage.AddAddress(Cable, SandboxNetwork.Gateway, SandboxNetwork.Prefix));
        Do(innerLink, NetlinkMessage.AddAddress(Cable, SandboxNetwork.Client, SandboxNetwork.Prefix));
        Do(link, NetlinkMessage.EverythingIsLocal(IPAddress.Any, Loopback));
        Do(innerLink, NetlinkMessage.DefaultRoute(SandboxNetwork.Gateway, Cable));
        if (six)
        {
            Do(link, NetlinkMessage.AddAddress(Cable, SandboxNetwork.Gateway6, SandboxNetwork.Prefix6));
            Do(innerLink, NetlinkMessage.AddAddress(Cable, SandboxNetwork.Client6, SandboxNetwork.Prefix6));
            Do(link, NetlinkMessage.EverythingIsLocal(IPAddress.IPv6Any, Loopback));
            Do(innerLink, NetlinkMessage.DefaultRoute(SandboxNetwork.Gateway6, Cable));
        }
        foreach (var isSix in six ? [false, true] : new[] { false })
        {
            foreach (var port in ports) Add(GatewaySocketKind.Connections, port, isSix);
            Add(GatewaySocketKind.DnsOverUdp, SandboxNetwork.DnsPort, isSix);
            Add(GatewaySocketKind.DnsOverTcp, SandboxNetwork.DnsPort, isSix);
        }
        Sockets.Add(new GatewaySocket(GatewaySocketKind.Beginnings, 0, IsSix: false));
        Descriptors.Add(NetworkSockets.Packets(Cable, PacketFilter.Beginnings));
        Kernel.Descriptors.Close(link);
        Kernel.Descriptors.Close(innerLink);
        Namespaces.EnterNetwork(inner);
        // A test suite may serve its own port 80 without being root: in this network there is nobody to protect from it.
        Set("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    }

    private void Add(GatewaySocketKind kind, int port, bool isSix)
    {
        Descriptors.Add(NetworkSockets.Bound(isSix, datagram: kind == GatewaySocketKind.DnsOverUdp, port));
        Sockets.Add(new GatewaySocket(kind, port, isSix));
    }

    private static void Do(int link, byte[] request) => NetworkSockets.Request(link, request, "setting up the sandbox's network");

    /// <summary>Settings of the calling thread's network; comforts, which a container may refuse.</summary>
    private static void Set(string file, string value)
    {
        try
        {
            File.WriteAllText(file, value);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // Read-only /proc/sys, or a kernel without that setting.
        }
    }
}
