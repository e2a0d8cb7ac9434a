using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Kache.Certificates;
using Kache.Exchanges;
using Kache.Sessions;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Kache.Interception;

/// <summary>
/// A connection's first steps: whose it is, and by its first bytes whether it goes on as TLS, as plain HTTP, through
/// a CONNECT, or as something that is not looked into. Nothing is taken from the input but CONNECT heads.
/// </summary>
/// <param name="destination">Where a transparent connection was going; null where its local address does not say.</param>
/// <param name="secure">The rest of the chain, TLS first.</param>
/// <param name="plain">The rest of the chain behind TLS.</param>
internal sealed partial class ConnectionOpener(
    SessionDirectory sessions, bool isExplicit, Func<IPEndPoint, Authority?> destination, ConnectionDelegate secure, ConnectionDelegate plain, TimeProvider clock, ILogger<ConnectionOpener> log)
{
    // For the first bytes and for a CONNECT's head: a client that says nothing for longer has none to say.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // In a tunnel the other side may be the one that speaks first (SMTP, MySQL): then nobody says anything.
    private static readonly TimeSpan TunnelPatience = TimeSpan.FromSeconds(3);

    private static readonly byte[] Established = "HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray();

    public async Task OpenAsync(ConnectionContext connection)
    {
        using var intercepted = new InterceptedConnection(connection, isExplicit);
        connection.Features.Set(intercepted);
        if (!isExplicit)
        {
            intercepted.Destination = destination(intercepted.Local);
            if (sessions.TryFind(intercepted.Remote.Address, out var session)) intercepted.BelongsTo(session);
        }
        try
        {
            await DispatchAsync(connection, intercepted);
        }
        catch (Exception gone) when (gone is ConnectionResetException or ConnectionAbortedException or OperationCanceledException or IOException)
        {
            LogGone(connection.ConnectionId, gone.Message);
        }
    }

    private async Task DispatchAsync(ConnectionContext connection, InterceptedConnection intercepted)
    {
        while (true)
        {
            switch (await PeekAsync(connection, intercepted))
            {
                case Opening.Tls:
                    await OpenTlsAsync(connection, intercepted);
                    return;
                case Opening.Http:
                    await plain(connection);
                    return;
                case Opening.Connect when intercepted.Tunnel is null:
                    if (!await ConnectAsync(connection, intercepted)) return;
                    if (intercepted.Session!.Options.IsBypassed(intercepted.Tunnel!.Value.DialName))
                    {
                        await intercepted.Session.Engine.TunnelAsync(connection, intercepted.Tunnel.Value, TunnelReason.Bypassed);
                        return;
                    }
                    break;
                case Opening.Other:
                    await PassThroughAsync(connection, intercepted);
                    return;
                default:
                    // A tunnel in a tunnel, or nothing at all.
                    return;
            }
        }
    }

    private async Task OpenTlsAsync(ConnectionContext connection, InterceptedConnection intercepted)
    {
        var session = intercepted.Session;
        if (session is null && isExplicit && sessions.TryFind(intercepted.Remote.Address, out session)) intercepted.BelongsTo(session);
        if (session is null)
        {
            // Whoever has no session learns nothing, not even a certificate.
            LogRefused(connection.ConnectionId, intercepted.Remote.Address.ToString());
            connection.Abort(new ConnectionAbortedException("No session."));
            return;
        }
        if (session.Options.Bypass.Count > 0 && (await PeekNameAsync(connection) ?? intercepted.Destination?.DialName) is { } name && session.Options.IsBypassed(name))
        {
            var port = intercepted.Tunnel?.Port ?? intercepted.Local.Port;
            await session.Engine.TunnelAsync(connection, new Authority(Authority.NormalizeHost(name), port), TunnelReason.Bypassed);
            return;
        }
        await secure(connection);
    }

    /// <summary>Neither TLS nor HTTP: the engine carries it where the name is known, or says that it cannot.</summary>
    private static async Task PassThroughAsync(ConnectionContext connection, InterceptedConnection intercepted)
    {
        if (intercepted.Session is not { } session) return;
        var local = intercepted.Local;
        var wanted = intercepted.Tunnel ?? intercepted.Destination ?? new Authority(Authority.NormalizeHost(local.Address.ToString()), local.Port);
        await session.Engine.TunnelAsync(connection, wanted, session.Options.IsBypassed(wanted.DialName) ? TunnelReason.Bypassed : TunnelReason.NotHttp);
    }

    /// <returns>False when the tunnel was refused; the answer has been sent.</returns>
    private async Task<bool> ConnectAsync(ConnectionContext connection, InterceptedConnection intercepted)
    {
        var request = await ReadConnectAsync(connection);
        if (request is null) return false;
        if (ProxyCredentials.TryParse(request.ProxyAuthorization, out var credentials))
        {
            if (!sessions.TryFind(credentials.Session, credentials.Secret, out var named)) return await RefuseAsync(connection, Refusal.WrongSession);
            if (!intercepted.BelongsTo(named)) return await RefuseAsync(connection, Refusal.OtherSession);
        }
        else if (intercepted.Session is null)
        {
            if (!sessions.TryFind(intercepted.Remote.Address, out var own)) return await RefuseAsync(connection, isExplicit ? Refusal.NoCredentials : Refusal.NoSession);
            intercepted.BelongsTo(own);
        }
        if (request.Target is not { } target) return await RefuseAsync(connection, Refusal.BadConnect);
        if (Routing.IsServersOwn(target, intercepted.Remote.Address)) return await RefuseAsync(connection, Refusal.ServersOwn);
        if (intercepted.Session!.Ending.IsCancellationRequested) return await RefuseAsync(connection, Refusal.Ending);
        intercepted.Tunnel = target;
        await connection.Transport.Output.WriteAsync(Established);
        return true;
    }

    private async Task<ConnectRequest?> ReadConnectAsync(ConnectionContext connection)
    {
        ConnectRequest? request = null;
        await ExamineAsync(connection, Patience, input =>
        {
            request = ConnectRequest.TryParse(input);
            return request is not null || input.Length > ConnectRequest.LongestHead;
        }, () => request?.Length ?? 0);
        return request;
    }

    private async Task<Opening> PeekAsync(ConnectionContext connection, InterceptedConnection intercepted)
    {
        var opening = Opening.Unknown;
        var limit = intercepted.MayBeginSilent ? TunnelPatience : Patience;
        var ended = await ExamineAsync(connection, limit, input => (opening = FirstBytes.Tell(input)) != Opening.Unknown);
        // Silence there, or a few bytes that lead nowhere, are a protocol of their own.
        return opening == Opening.Unknown && ended == Examined.TimedOut && intercepted.MayBeginSilent ? Opening.Other : opening;
    }

    private async Task<string?> PeekNameAsync(ConnectionContext connection)
    {
        string? name = null;
        await ExamineAsync(connection, Patience, input => ClientHello.TryReadName(input, out name) != HelloReading.Unfinished);
        return LeafName.TryParse(name, out var host) ? host : null;
    }

    private enum Examined
    {
        Satisfied,
        Ended,
        TimedOut,
    }

    /// <summary>Looks at the input, without taking it, until it says enough.</summary>
    /// <param name="taken">How much is taken in the end; nothing when null.</param>
    private async Task<Examined> ExamineAsync(
        ConnectionContext connection, TimeSpan limit, Func<ReadOnlySequence<byte>, bool> isEnough, Func<long>? taken = null)
    {
        using var patience = new CancellationTokenSource(limit, clock);
        var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, closing);
        var input = connection.Transport.Input;
        while (true)
        {
            ReadResult read;
            try
            {
                read = await input.ReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested)
            {
                return Examined.TimedOut;
            }
            var enough = isEnough(read.Buffer);
            if (enough)
            {
                input.AdvanceTo(read.Buffer.GetPosition(taken?.Invoke() ?? 0), read.Buffer.GetPosition(taken?.Invoke() ?? 0));
                return Examined.Satisfied;
            }
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted) return Examined.Ended;
        }
    }

    private static async Task<bool> RefuseAsync(ConnectionContext connection, Refusal refusal)
    {
        await connection.Transport.Output.WriteAsync(Encoding.UTF8.GetBytes(refusal.ToHttp11()));
        await connection.Transport.Output.CompleteAsync();
        return false;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Connection {Id} went away: {Reason}")]
    private partial void LogGone(string id, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Connection {Id} from {Client}, which has no session, was closed")]
    private partial void LogRefused(string id, string client);
}
