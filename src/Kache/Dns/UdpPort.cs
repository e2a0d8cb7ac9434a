using System.Net;
using System.Net.Sockets;

namespace Kache.Dns;

/// <summary>Datagrams in, datagrams out, each from the address that was asked. Bounded by the server's slots; what finds none is dropped.</summary>
internal sealed partial class UdpPort(Socket socket, Responder responder, SemaphoreSlim slots, TimeProvider clock, ILogger logger)
{
    // Queries are below 512 bytes; what is cut here is garbage and reads as such.
    private const int LargestQuery = 4096;

    // After an error that is not a packet's, so that one which stays does not take a processor.
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var buffer = new byte[LargestQuery];
        var anyone = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var got = await socket.ReceiveMessageFromAsync(buffer, SocketFlags.None, anyone, cancellation);
                // No slot, no answer: the client asks again, and nothing piles up meanwhile.
                if (!slots.Wait(TimeSpan.Zero, CancellationToken.None)) continue;
                var client = (IPEndPoint)got.RemoteEndPoint;
                var asker = Asker.Create(client.Address, got.PacketInformation.Address, overTcp: false);
                _ = SendAsync(responder.AnswerAsync(buffer.AsSpan(0, got.ReceivedBytes), asker, cancellation), client, got.PacketInformation);
            }
            catch (SocketException e) when (!cancellation.IsCancellationRequested)
            {
                LogTrouble(socket.LocalEndPoint, e.Message);
                await Task.Delay(Breath, clock, cancellation);
            }
        }
    }

    /// <summary>Runs in the receiving loop when the answer is known, and by itself when somebody has to be asked.</summary>
    private async Task SendAsync(ValueTask<byte[]?> answer, IPEndPoint client, IPPacketInformation asked)
    {
        try
        {
            if (await answer is { } bytes && !PacketSender.TrySend(socket, bytes, client, asked.Address, asked.Interface)) LogUnsent(client);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The server is ending.
        }
        finally
        {
            slots.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "DNS over UDP on {Endpoint}: {Reason}")]
    private partial void LogTrouble(EndPoint? endpoint, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "An answer to {Client} could not be sent")]
    private partial void LogUnsent(IPEndPoint client);
}
