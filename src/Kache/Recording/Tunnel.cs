using System.IO.Pipelines;
using System.Net.Sockets;

namespace Kache.Recording;

/// <summary>Carries bytes both ways without looking at them, until both sides have ended or one breaks.</summary>
internal static class Tunnel
{
    /// <param name="client">Bytes that were looked at and not taken are still in its input.</param>
    /// <param name="origin">Left open; the caller owns it.</param>
    public static async Task CarryAsync(IDuplexPipe client, NetworkStream origin, CancellationToken stop)
    {
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var up = UpAsync(client.Input, origin, broken);
        var down = DownAsync(origin, client.Output, broken);
        await Task.WhenAll(up, down);
    }

    /// <summary>Over streams, of which neither can say that it has said all: when one ends, the other is over.</summary>
    public static async Task CarryAsync(Stream client, Stream origin, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAll(CopyAsync(client, origin, over), CopyAsync(origin, client, over));
    }

    private static async Task CopyAsync(Stream from, Stream to, CancellationTokenSource over)
    {
        try
        {
            await from.CopyToAsync(to, over.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One side broke: so does the other.
        }
        await over.CancelAsync();
    }

    private static async Task UpAsync(PipeReader client, NetworkStream origin, CancellationTokenSource broken)
    {
        try
        {
            await client.CopyToAsync(origin, broken.Token);
            // The client has said all: the origin is told, and may go on.
            origin.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await broken.CancelAsync();
        }
    }

    private static async Task DownAsync(NetworkStream origin, PipeWriter client, CancellationTokenSource broken)
    {
        try
        {
            await origin.CopyToAsync(client, broken.Token);
            await client.CompleteAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            await broken.CancelAsync();
        }
    }
}
