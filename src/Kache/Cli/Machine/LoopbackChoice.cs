using System.Net;
using System.Net.Sockets;
using Kache.Api;
using Kache.Server;

namespace Kache.Cli.Machine;

/// <summary>A loopback address on which a local server can have its ports: others may have 127.0.0.1's (a DNS cache, a web server).</summary>
/// <param name="ProxyPort">0 where even that is taken: start does without the explicit proxy.</param>
internal sealed record LoopbackChoice(IPAddress Address, int ProxyPort)
{
    private const int DnsPort = 53;
    private const int UsualProxyPort = 3128;

    // All of 127/8 is this machine. systemd-resolved has 127.0.0.53 and 127.0.0.54, Debian puts the host's name at 127.0.1.1.
    private static readonly IPAddress[] Candidates = [IPAddress.Loopback, IPAddress.Parse("127.75.67.1"), IPAddress.Parse("127.75.67.2"), IPAddress.Parse("127.75.67.3")];

    /// <exception cref="KacheException">Somebody has a port on every address; who is named.</exception>
    public static LoopbackChoice Find(IReadOnlyList<int> ports)
    {
        KacheException? first = null;
        foreach (var address in Candidates)
        {
            var failure = Try(address, ports, withDns: true);
            if (failure is null) return new LoopbackChoice(address, Try(address, [UsualProxyPort], withDns: false) is null ? UsualProxyPort : 0);
            first ??= failure;
        }
        throw new KacheException("port_taken", $"{Sentence(first!.Message)} A local server needs ports 53, 80 and 443 of a loopback address. Stop what holds them, or use 'kache run', which needs none of this machine's ports.", first);
    }

    private static KacheException? Try(IPAddress address, IReadOnlyList<int> ports, bool withDns)
    {
        using var bound = new BoundPorts();
        try
        {
            if (withDns)
            {
                bound.Bind(new IPEndPoint(address, DnsPort), ProtocolType.Udp);
                bound.Bind(new IPEndPoint(address, DnsPort), ProtocolType.Tcp);
            }
            foreach (var port in ports) bound.Bind(new IPEndPoint(address, port), ProtocolType.Tcp);
            return null;
        }
        catch (KacheException taken)
        {
            return taken;
        }
    }

    /// <summary>The first sentence: the rest is advice for whoever runs serve.</summary>
    private static string Sentence(string message)
    {
        var end = message.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? message : message[..(end + 1)];
    }
}
