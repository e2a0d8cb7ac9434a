using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kache.Tests.Dns;

/// <summary>What the fake resolver says to one question.</summary>
internal sealed record Said(int Code = 0, IReadOnlyList<Rr>? Records = null, bool Truncated = false, bool Silent = false, int DelayMs = 0)
{
    public static readonly Said NoSuchName = new(3);
    public static readonly Said ServFail = new(2);
    public static readonly Said NoData = new();
    public static readonly Said Nothing = new(Silent: true);

    public static Said Addresses(params string[] addresses) => new(Records: [.. addresses.Select(Rr.Address)]);
}

/// <summary>A record whose owner is the question's name.</summary>
internal sealed record Rr(int Type, byte[] Data, uint Ttl = 300, bool Additional = false)
{
    public static Rr Address(string text)
    {
        var address = IPAddress.Parse(text);
        return new Rr(address.AddressFamily == AddressFamily.InterNetwork ? 1 : 28, address.GetAddressBytes());
    }

    public static Rr Text(string text, uint ttl = 300) => new(16, [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)], ttl);
}

/// <summary>A resolver on loopback, UDP and TCP on one port, that says what the test tells it to. Written without Kache's own codec.</summary>
internal sealed class FakeResolver : IAsyncDisposable
{
    private readonly Func<string, int, Said> _says;
    private readonly Socket _udp;
    private readonly Socket _tcp;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;

    public FakeResolver(Func<string, int, Said> says, string address = "127.0.0.1", int port = 0)
    {
        _says = says;
        var ip = IPAddress.Parse(address);
        (_udp, _tcp) = DnsPorts.Bind(ip, port);
        Endpoint = (IPEndPoint)_udp.LocalEndPoint!;
        _tcp.Listen();
        _running = Task.WhenAll(UdpAsync(), TcpAsync());
    }

    public IPEndPoint Endpoint { get; }

    /// <summary>Every question that came, as <c>name/type</c> or <c>name/type/tcp</c>; the probe apart.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>Called with each UDP query's bytes and the port it came from.</summary>
    public ConcurrentQueue<(ushort Id, int Port)> From { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _udp.Dispose();
        _tcp.Dispose();
        await _running;
        _end.Dispose();
    }

    public static byte[] Answer(ReadOnlySpan<byte> query, Said said)
    {
        var records = said.Records ?? [];
        var question = query[12..QuestionEnd(query)];
        var message = new List<byte>(query[..2].ToArray())
        {
            (byte)(0x81 | (said.Truncated ? 2 : 0)), (byte)(0x80 | said.Code), 0, 1,
            0, (byte)records.Count(r => !r.Additional), 0, 0, 0, (byte)records.Count(r => r.Additional),
        };
        message.AddRange(question.ToArray());
        foreach (var record in records.OrderBy(r => r.Additional))
        {
            message.AddRange([0xC0, 12, 0, (byte)record.Type, 0, 1]);
            var ttl = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(ttl, record.Ttl);
            message.AddRange(ttl);
            message.AddRange([(byte)(record.Data.Length >> 8), (byte)record.Data.Length, .. record.Data]);
        }
        return [.. message];
    }

    private async Task UdpAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var got = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(_udp.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0), _end.Token);
                var query = buffer[..got.ReceivedBytes];
                From.Enqueue((BinaryPrimitives.ReadUInt16BigEndian(query), ((IPEndPoint)got.RemoteEndPoint).Port));
                _ = ReplyAsync(query, got.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ReplyAsync(byte[] query, EndPoint to)
    {
        var said = Hear(query, "");
        if (said.Silent) return;
        if (said.DelayMs > 0) await Task.Delay(said.DelayMs);
        if (!_end.IsCancellationRequested) await _udp.SendToAsync(Answer(query, said.Truncated ? said with { Records = [] } : said), to);
    }

    private async Task TcpAsync()
    {
        try
        {
            while (true)
            {
                using var connection = await _tcp.AcceptAsync(_end.Token);
                await using var stream = new NetworkStream(connection);
                var size = new byte[2];
                await stream.ReadExactlyAsync(size, _end.Token);
                var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(size)];
                await stream.ReadExactlyAsync(query, _end.Token);
                var answer = Answer(query, Hear(query, "/tcp") with { Truncated = false });
                BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)answer.Length);
                await stream.WriteAsync(size, _end.Token);
                await stream.WriteAsync(answer, _end.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private Said Hear(byte[] query, string how)
    {
        var labels = new List<string>();
        var at = 12;
        for (; query[at] != 0; at += 1 + query[at]) labels.Add(Encoding.ASCII.GetString(query, at + 1, query[at]));
        var name = string.Join('.', labels);
        var type = BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(at + 1));
        if (name != Kache.Dns.ProbeName.Host) Asked.Enqueue($"{name}/{type}{how}");
        return _says(name, type);
    }

    private static int QuestionEnd(ReadOnlySpan<byte> query)
    {
        var at = 12;
        while (query[at] != 0) at += 1 + query[at];
        return at + 5;
    }
}
