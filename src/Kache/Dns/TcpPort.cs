using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Kache.Dns;

/// <summary>Connections with questions. Their number is bounded, in all and by client; more are closed at once.</summary>
internal sealed partial class TcpPort(Socket listener, Responder responder, SemaphoreSlim slots, DnsServerOptions options, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<TcpConversation, Task> _running = new();

    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested) await AcceptAsync(cancellation);
        }
        finally
        {
            await Task.WhenAll(_running.Values);
        }
    }

    private async Task AcceptAsync(CancellationToken cancellation)
    {
        try
        {
            var socket = await listener.AcceptAsync(cancellation);
            if (socket is { RemoteEndPoint: IPEndPoint client, LocalEndPoint: IPEndPoint local } && HasRoomFor(client.Address))
                Serve(new TcpConversation(socket, Asker.Create(client.Address, local.Address, overTcp: true), responder, slots, options, clock), cancellation);
            else
                socket.Dispose();
        }
        catch (SocketException e) when (!cancellation.IsCancellationRequested)
        {
            LogTrouble(listener.LocalEndPoint, e.Message);
            await Task.Delay(Breath, clock, cancellation);
        }
    }

    private bool HasRoomFor(IPAddress client)
    {
        if (_running.Count >= options.MostConnections) return false;
        var plain = Asker.Create(client, client, overTcp: true).Client;
        return _running.Count(c => c.Key.Client.Equals(plain)) < options.MostConnectionsOfClient;
    }

    private void Serve(TcpConversation conversation, CancellationToken cancellation)
    {
        // In the table before it can end, so that it is not left there.
        var begin = new TaskCompletionSource();
        _running[conversation] = RunAsync();
        begin.SetResult();

        async Task RunAsync()
        {
            await begin.Task;
            try
            {
                await conversation.RunAsync(cancellation);
            }
            finally
            {
                _running.TryRemove(conversation, out _);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "DNS over TCP on {Endpoint}: {Reason}")]
    private partial void LogTrouble(EndPoint? endpoint, string reason);
}
