using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Kache.Sandbox;

/// <param name="Host">The name that was looked up for the address, or the address.</param>
internal readonly record struct RefusedPort(string Protocol, string Host, int Port);

/// <summary>
/// Sees how clients begin in the gateway, and counts what went to a port that is not served: the kernel has refused it by then.
/// </summary>
internal sealed class RefusedPorts : IDisposable
{
    // A scan of all ports; what comes after is counted under one name.
    private const int MostKept = 1000;

    private static readonly RefusedPort Others = new("any", "others", 0);

    private readonly ConcurrentDictionary<RefusedPort, long> _counts = new();
    private readonly Socket _packets;
    private readonly NamePool _pool;
    private readonly HashSet<int> _served;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    /// <param name="served">TCP ports.</param>
    public RefusedPorts(int descriptor, NamePool pool, IEnumerable<int> served)
    {
        _packets = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
        _pool = pool;
        _served = [.. served, SandboxNetwork.DnsPort];
        _running = RunAsync();
    }

    public IReadOnlyList<(RefusedPort Where, long Count)> Counts =>
        [.. _counts.OrderBy(c => c.Key.Host, StringComparer.Ordinal).ThenBy(c => c.Key.Port).Select(c => (c.Key, c.Value))];

    public void Dispose()
    {
        _stopping.Cancel();
        _packets.Dispose();
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var packet = new byte[256];
        try
        {
            while (true)
            {
                var length = await _packets.ReceiveAsync(packet, _stopping.Token);
                if (ClientPacket.TryRead(packet.AsSpan(0, length), out var begun) && !IsServed(begun)) Count(begun);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The run has ended.
        }
    }

    private bool IsServed(ClientPacket packet) => packet.IsTcp ? _served.Contains(packet.Port) : packet.Port == SandboxNetwork.DnsPort;

    private void Count(ClientPacket packet)
    {
        var host = _pool.TryName(packet.Destination, out var name) ? name : packet.Destination.ToString();
        var where = new RefusedPort(packet.IsTcp ? "tcp" : "udp", host, packet.Port);
        if (_counts.Count >= MostKept && !_counts.ContainsKey(where)) where = Others;
        _counts.AddOrUpdate(where, 1, static (_, count) => count + 1);
    }
}

/// <summary>The first packet of a client, as far as it says where it goes. Pure.</summary>
internal readonly record struct ClientPacket(IPAddress Destination, bool IsTcp, int Port)
{
    private const byte TcpProtocol = 6;
    private const byte UdpProtocol = 17;

    /// <param name="packet">From its IP head on.</param>
    /// <returns>False for what is neither, and for what the gateway sends itself.</returns>
    public static bool TryRead(ReadOnlySpan<byte> packet, out ClientPacket read)
    {
        read = default;
        if (packet.Length < 20) return false;
        // RFC 791 §3.1, RFC 8200 §3.
        var (head, protocol, source, destination) = (packet[0] >> 4) switch
        {
            4 => ((packet[0] & 0xf) * 4, packet[9], new IPAddress(packet[12..16]), new IPAddress(packet[16..20])),
            6 when packet.Length >= 40 => (40, packet[6], new IPAddress(packet[8..24]), new IPAddress(packet[24..40])),
            _ => (0, (byte)0, IPAddress.None, IPAddress.None),
        };
        if (head < 20 || packet.Length < head + 4 || protocol is not (TcpProtocol or UdpProtocol)) return false;
        if (!source.Equals(SandboxNetwork.Client) && !source.Equals(SandboxNetwork.Client6)) return false;
        // Multicast is how machines of one network look for each other; there are none.
        if (destination.IsIPv6Multicast || (head == 20 && destination.GetAddressBytes()[0] >= 224)) return false;
        read = new ClientPacket(destination, protocol == TcpProtocol, BinaryPrimitives.ReadUInt16BigEndian(packet[(head + 2)..]));
        return true;
    }
}
