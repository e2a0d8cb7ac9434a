using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Kache.Dns;

/// <summary>
/// One connection: questions are read while earlier ones are being answered, and each answer goes when it is there
/// (RFC 7766 §6.2.1.1, §7). It ends when the client ends it, or has been idle for too long.
/// </summary>
internal sealed class TcpConversation(
    Socket socket, Asker asker, Responder responder, SemaphoreSlim slots, DnsServerOptions options, TimeProvider clock)
{
    private readonly SemaphoreSlim _places = new(options.MostQueriesOfConnection);
    private readonly SemaphoreSlim _writing = new(1);

    public IPAddress Client => asker.Client;

    public async Task RunAsync(CancellationToken stopping)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            while (await ReadAsync(stream, end.Token) is { } query)
            {
                await _places.WaitAsync(end.Token);
                await slots.WaitAsync(end.Token);
                _ = AnswerAsync(stream, query, end);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It broke off, was idle, or the server is ending.
            await end.CancelAsync();
        }
        // What was asked before the client said its last is still answered.
        for (var i = 0; i < options.MostQueriesOfConnection; i++) await _places.WaitAsync(CancellationToken.None);
        _places.Dispose();
        _writing.Dispose();
    }

    /// <returns>Null when the client has ended the connection, or says what cannot be a message.</returns>
    private async Task<byte[]?> ReadAsync(NetworkStream stream, CancellationToken cancellation)
    {
        using var idle = new CancellationTokenSource(options.IdleLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cancellation);
        var size = new byte[2];
        if (await stream.ReadAtLeastAsync(size, 2, throwOnEndOfStream: false, either.Token) < 2) return null;
        var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(size)];
        await stream.ReadExactlyAsync(query, either.Token);
        return query;
    }

    private async Task AnswerAsync(NetworkStream stream, byte[] query, CancellationTokenSource end)
    {
        try
        {
            if (await responder.AnswerAsync(query, asker, end.Token) is { } answer) await WriteAsync(stream, answer, end.Token);
            // Bytes that cannot be answered mean that the two do not understand each other.
            else await end.CancelAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Half an answer may be out: nothing that follows would be understood.
            await end.CancelAsync();
        }
        finally
        {
            slots.Release();
            _places.Release();
        }
    }

    private async Task WriteAsync(NetworkStream stream, byte[] answer, CancellationToken cancellation)
    {
        // Length and message in one segment (RFC 7766 §8).
        var framed = new byte[2 + answer.Length];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)answer.Length);
        answer.CopyTo(framed, 2);
        await _writing.WaitAsync(cancellation);
        try
        {
            using var unread = new CancellationTokenSource(options.IdleLimit, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(unread.Token, cancellation);
            await stream.WriteAsync(framed, either.Token);
        }
        finally
        {
            _writing.Release();
        }
    }
}
