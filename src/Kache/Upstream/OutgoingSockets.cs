using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Kache.Dns.Messages;

namespace Kache.Upstream;

/// <summary>
/// The one type that opens outgoing sockets: a TCP connection to an address, a DNS query to a resolver.
/// It decides nothing; <see cref="Dialer"/> and <see cref="UpstreamNames"/> do. A playback session has neither.
/// </summary>
internal sealed class OutgoingSockets(TimeProvider clock)
{
    // Without EDNS a UDP answer has 512 bytes at most (RFC 1035 §4.2.1); resolvers that send more all the same are read.
    private const int LongestDatagram = 4096;

    /// <summary>BEHAVIOUR N3: nothing in 2 s counts as no answer.</summary>
    public static readonly TimeSpan QueryLimit = TimeSpan.FromSeconds(2);

    // Twice within the limit: one lost datagram costs a delay, not the name.
    private static readonly TimeSpan SendAgainAfter = TimeSpan.FromMilliseconds(700);

    /// <exception cref="SocketException">The connection could not be made.</exception>
    public async Task<Socket> ConnectAsync(IPEndPoint destination, CancellationToken cancellation)
    {
        var socket = new Socket(destination.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
#pragma warning disable RS0030 // This is the type that may.
            await socket.ConnectAsync(destination, cancellation);
#pragma warning restore RS0030
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether the machine has a way to an address. Asks the kernel's routes; no packet is sent.</summary>
    public bool HasRoute(IPAddress address)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
#pragma warning disable RS0030 // Connecting a datagram socket looks up the route and sends nothing.
            socket.Connect(new IPEndPoint(address, 9));
#pragma warning restore RS0030
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Sends a query as it is over UDP, and over TCP when the answer came truncated.</summary>
    /// <exception cref="UpstreamException">No answer within <see cref="QueryLimit"/>, or none that fits.</exception>
    public async Task<byte[]> QueryAsync(IPEndPoint resolver, ReadOnlyMemory<byte> query, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(QueryLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            var answer = await OverUdpAsync(resolver, query, either.Token);
            DnsHeader.TryRead(answer, out var header);
            return header.IsTruncated ? await OverTcpAsync(resolver, query, either.Token) : answer;
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new UpstreamException(UpstreamFailure.DnsTimeout, $"The resolver {resolver} did not answer within {QueryLimit.TotalSeconds:0} s.", e);
        }
        catch (SocketException e)
        {
            var why = e.SocketErrorCode == SocketError.ConnectionRefused ? "nothing listens there" : e.Message;
            throw new UpstreamException(UpstreamFailure.DnsError, $"The resolver {resolver} cannot be asked: {why}.", e);
        }
    }

    private async Task<byte[]> OverUdpAsync(IPEndPoint resolver, ReadOnlyMemory<byte> query, CancellationToken cancellation)
    {
        // A socket for each query has a port of its own, chosen by the kernel at random: harder to answer in the resolver's name (RFC 5452 §9).
        using var socket = new Socket(resolver.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
#pragma warning disable RS0030 // This is the type that may; connected, the kernel drops what others send.
        await socket.ConnectAsync(resolver, cancellation);
#pragma warning restore RS0030
        var answer = ReceiveAsync(socket, query, cancellation);
        while (true)
        {
            await socket.SendAsync(query, cancellation);
            try
            {
                return await answer.WaitAsync(SendAgainAfter, clock, cancellation);
            }
            catch (TimeoutException)
            {
                // A datagram was lost, or the resolver is slow: the same question again, to the same end.
            }
        }
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket, ReadOnlyMemory<byte> query, CancellationToken cancellation)
    {
        var buffer = new byte[LongestDatagram];
        while (true)
        {
            var length = await socket.ReceiveAsync(buffer, cancellation);
            if (UpstreamMessage.IsAnswer(query.Span, buffer.AsSpan(0, length))) return buffer[..length];
        }
    }

    private async Task<byte[]> OverTcpAsync(IPEndPoint resolver, ReadOnlyMemory<byte> query, CancellationToken cancellation)
    {
        using var socket = await ConnectAsync(resolver, cancellation);
        await using var stream = new NetworkStream(socket);
        // Length and message in one segment (RFC 7766 §8).
        var framed = new byte[2 + query.Length];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)query.Length);
        query.CopyTo(framed.AsMemory(2));
        try
        {
            await stream.WriteAsync(framed, cancellation);
            await stream.ReadExactlyAsync(framed.AsMemory(0, 2), cancellation);
            var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(framed)];
            await stream.ReadExactlyAsync(answer, cancellation);
            return UpstreamMessage.IsAnswer(query.Span, answer) ? answer
                : throw new UpstreamException(UpstreamFailure.DnsError, $"The resolver {resolver} answered something else than was asked.");
        }
        catch (IOException e) when (e is not UpstreamException)
        {
            throw new UpstreamException(UpstreamFailure.DnsError, $"The resolver {resolver} broke the connection off.", e);
        }
    }
}
