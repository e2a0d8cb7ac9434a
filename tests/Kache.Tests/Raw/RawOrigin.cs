using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Kache.Exchanges;

namespace Kache.Tests.Raw;

/// <summary>An origin on loopback that says byte for byte what the test tells it to, on every connection.</summary>
internal sealed class RawOrigin : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentBag<Task> _serving = [];
    private readonly Func<RawConnection, Task> _serve;
    private readonly X509Certificate2? _certificate;
    private readonly Task _accepting;
    private int _connections;

    /// <param name="serve">One connection; it is closed when this returns.</param>
    /// <param name="certificate">Speaks TLS with it; null for plain.</param>
    public RawOrigin(Func<RawConnection, Task> serve, X509Certificate2? certificate = null)
    {
        (_serve, _certificate) = (serve, certificate);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Authority = new Authority("127.0.0.1", ((IPEndPoint)_listener.LocalEndPoint!).Port);
        _accepting = AcceptAsync();
    }

    public Authority Authority { get; }

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Heads and bodies of the requests that came to <see cref="Answering"/>.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Answers every request on every connection with what the function says; it closes where an answer says so.</summary>
    public static RawOrigin Answering(Func<string, string> answer, X509Certificate2? certificate = null)
    {
        RawOrigin? origin = null;
        return origin = new RawOrigin(async connection =>
        {
            while (await connection.ReadMessageAsync() is { Length: > 0 } request)
            {
                origin!.Requests.Enqueue(request);
                var said = answer(request);
                await connection.WriteAsync(said);
                if (said.Contains("connection: close", StringComparison.OrdinalIgnoreCase)) return;
            }
        }, certificate);
    }

    public static RawOrigin Answering(string answer) => Answering(_ => answer);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_serving).WaitAsync(TimeSpan.FromSeconds(20));
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                Interlocked.Increment(ref _connections);
                _serving.Add(ServeAsync(socket));
            }
        }
        catch (Exception over) when (over is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (_certificate is not null)
        {
            var secure = new SslStream(stream);
            await secure.AuthenticateAsServerAsync(_certificate);
            stream = secure;
        }
        await using var connection = new RawConnection(socket, stream);
        try
        {
            await _serve(connection);
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or TimeoutException)
        {
            // Kache ended the connection; what the test asserts is what it saw before.
        }
    }
}
