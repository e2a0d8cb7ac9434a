using System.Net.Sockets;

namespace Kache.Dns;

/// <summary>
/// Kache's name server: UDP and TCP on sockets that it is given. It knows the form of questions and the rules for
/// everybody (docs/dns.md); what a name is to a client is asked of an <see cref="INameSource"/>. It never asks anybody else.
/// </summary>
internal sealed partial class DnsServer : IAsyncDisposable
{
    // Sessions answer within 2 s; whatever still runs after this is left behind.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(3);

    // Connections that come while others are being accepted; far fewer are served at once.
    private const int Backlog = 128;

    private readonly IReadOnlyList<Socket> _sockets;
    private readonly List<Func<CancellationToken, Task>> _ports = [];
    private readonly SemaphoreSlim _slots;
    private readonly DnsServerOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<DnsServer> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;
    private bool _stopped;

    /// <param name="sockets">Bound; datagram ones for UDP, stream ones (not yet listening) for TCP. They are the server's from now on.</param>
    public DnsServer(IReadOnlyList<Socket> sockets, INameSource names, DnsServerOptions options, TimeProvider clock, ILogger<DnsServer> logger)
    {
        _sockets = sockets;
        _slots = new SemaphoreSlim(options.MostQueries);
        _options = options;
        _clock = clock;
        _logger = logger;
        var responder = new Responder(names, new ProxyAddresses(options.Advertise), logger);
        foreach (var socket in sockets)
        {
            _ports.Add(socket.SocketType == SocketType.Dgram
                ? new UdpPort(socket, responder, _slots, clock, logger).RunAsync
                : new TcpPort(socket, responder, _slots, options, clock, logger).RunAsync);
        }
    }

    /// <summary>Whoever asks from now on is answered.</summary>
    public void Start()
    {
        foreach (var socket in _sockets)
        {
            if (socket.SocketType == SocketType.Stream) socket.Listen(Backlog);
            else PacketSender.Prepare(socket);
        }
        _running = Task.WhenAll(_ports.Select(RunAsync).ToList());
    }

    /// <summary>Takes no more questions; those being answered are given up.</summary>
    public async Task StopAsync()
    {
        if (_stopped) return;
        _stopped = true;
        await _stopping.CancelAsync();
        await _running;
        // With all slots back nothing uses a socket any more.
        for (var i = 0; i < _options.MostQueries; i++)
            if (!await _slots.WaitAsync(StopLimit, CancellationToken.None)) break;
        foreach (var socket in _sockets) socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task> port)
    {
        await Task.Yield();
        try
        {
            await port(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stopped.
        }
        // The edge of a background loop: a port that ends must be heard of.
        catch (Exception e)
        {
            LogPortEnded(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "A DNS port has stopped answering")]
    private partial void LogPortEnded(Exception exception);
}
