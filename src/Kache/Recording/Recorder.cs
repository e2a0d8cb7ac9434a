using System.Collections.Concurrent;
using Kache.Dns;
using Kache.Exchanges;
using Kache.Sessions;
using Kache.Store;
using Kache.Upstream;
using Microsoft.AspNetCore.Connections;

namespace Kache.Recording;

/// <summary>A record session at work: forwards what its client asks for and keeps every exchange in its journal.</summary>
internal sealed partial class Recorder : ISessionEngine
{
    private readonly Keeper _keeper;
    private readonly ConnectionPools _pools;
    private readonly RecordedNames _names;
    private readonly WholeFetches _wholes;
    private readonly RunningRequests _running = new();
    private readonly CancellationTokenSource _breakOff = new();
    private readonly ConcurrentDictionary<Authority, bool> _tunnelled = new();
    private readonly UpstreamHttp _http;
    private readonly TimeProvider _clock;

    public Recorder(
        SessionSetup setup, SessionJournal journal, UpstreamHttp http, Dialer dialer, UpstreamNames names, UpstreamOptions options,
        TimeProvider clock, ILogger<Recorder> logger)
    {
        _clock = clock;
        Journal = journal;
        _http = http;
        _keeper = new Keeper(setup, journal, clock, logger);
        _names = new RecordedNames(setup, names, _keeper);
        _wholes = new WholeFetches(_keeper, _running, _breakOff.Token);
        _pools = new ConnectionPools(http, new OriginRules(setup.Options.IsHttp1, setup.Options.IsInsecure));
    }

    public SessionJournal Journal { get; }

    SessionJournal? ISessionEngine.Journal => Journal;

    public async Task HandleAsync(HttpContext context, RequestRoute route)
    {
        if (!_running.TryEnter())
        {
            context.Response.Headers.Connection = "close";
            await OwnAnswer.Draining.SendAsync(context);
            return;
        }
        try
        {
            if (_keeper.Options.IsIgnored(route.Authority.DialName)) await IgnoreAsync(context, route);
            else if (_keeper.NoRoom() is { } why) await OwnAnswer.Full(why).SendAsync(context);
            else if (Upgrade.IsExtendedConnect(context)) await RefuseExtendedConnectAsync(context, route);
            else if (!OriginRequest.TryUri(route, out _)) await OwnAnswer.Unsendable($"'{route.Target}' at {route.Authority} cannot be asked for.").SendAsync(context);
            else
            {
                await using var passage = new Passage(context, route, _keeper, _pools, _wholes, _breakOff.Token);
                await passage.RunAsync();
            }
        }
        finally
        {
            _running.Leave();
        }
    }

    private async Task IgnoreAsync(HttpContext context, RequestRoute route)
    {
        _keeper.Answered(_keeper.Now(), context.Request.Method, RouteText.Url(route), IgnoredHost.Status, 0, TimeSpan.Zero, IgnoredHost.Step);
        await IgnoredHost.SendAsync(context);
    }

    private async Task RefuseExtendedConnectAsync(HttpContext context, RequestRoute route)
    {
        await _keeper.GapAsync(GapKind.Upgrade, RouteText.Url(route), "NOT RECORDED: it asked for another protocol over HTTP/2 (RFC 8441), and was refused.");
        await OwnAnswer.Unsendable("Another protocol over HTTP/2 (RFC 8441) is not passed on. Ask for it over HTTP/1.1: --http1 HOST.").SendAsync(context);
    }

    public async Task TunnelAsync(ConnectionContext client, Authority destination, TunnelReason reason)
    {
        if (_keeper.Options.IsIgnored(destination.DialName))
        {
            client.Abort(new ConnectionAbortedException($"{destination} is on the ignore list"));
            return;
        }
        if (!_running.TryEnter()) return;
        try
        {
            // Once a destination: what passed was not looked at, so it cannot be counted either.
            if (_tunnelled.TryAdd(destination, true)) await _keeper.GapAsync(GapKind.Tunnel, destination.ToString(), NotRecorded(reason));
            using var connecting = CancellationTokenSource.CreateLinkedTokenSource(_breakOff.Token, client.ConnectionClosed);
            await using var origin = await _http.ConnectAsync(destination, connecting.Token);
            await Tunnel.CarryAsync(client.Transport, origin, _breakOff.Token);
        }
        catch (Exception e) when (e is OperationCanceledException || FailureReading.Read(e) is not null)
        {
            client.Abort(new ConnectionAbortedException($"The tunnel to {destination} broke: {e.Message}", e));
        }
        finally
        {
            _running.Leave();
        }
    }

    public ValueTask<NameAnswer> LookUpAsync(string name, int type, CancellationToken cancellation) => _names.AnswerAsync(name, type, cancellation);

    public SessionReport Report()
    {
        var summary = Journal.Summary;
        return new SessionReport
        {
            Requests = summary.Requests,
            Bytes = summary.Bytes,
            Hosts = summary.Hosts,
            GapCount = Math.Max(summary.Gaps, _keeper.GapCount),
            Gaps = _keeper.Gaps,
            Active = _running.Count,
        };
    }

    public async Task DrainAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var idle = _running.CloseAsync();
        try
        {
            await idle.WaitAsync(limit, _clock, cancellation);
        }
        catch (TimeoutException)
        {
            await _breakOff.CancelAsync();
            // Each becomes a gap on its own; that takes a moment and no more.
            await idle.WaitAsync(cancellation);
        }
        await _names.CloseAsync().WaitAsync(cancellation);
    }

    private static string NotRecorded(TunnelReason reason) => reason == TunnelReason.Bypassed
        ? "NOT RECORDED: the host is bypassed, and its bytes were passed on unread."
        : "NOT RECORDED: it speaks neither TLS nor HTTP, and its bytes were passed on unread.";

    public async ValueTask DisposeAsync()
    {
        await _breakOff.CancelAsync();
        // Nothing writes into a journal that is closed.
        await _running.CloseAsync();
        _pools.Dispose();
        _wholes.Dispose();
        _breakOff.Dispose();
        await Journal.DisposeAsync();
    }
}
