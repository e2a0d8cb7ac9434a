using System.Net;
using Kache.Exchanges;
using Kache.Sessions;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Kache.Interception;

/// <summary>
/// Every request, however it came: whose it is, where it goes, and then the session's engine has it.
/// What no session can answer is refused here.
/// </summary>
/// <param name="isOwnAddress">Whether an address and port are Kache's own.</param>
/// <param name="probeHost">The name that is answered here, to prove the path.</param>
internal sealed partial class RequestRouter(
    SessionDirectory sessions, Func<IPEndPoint, bool> isOwnAddress, string probeHost, ILogger<RequestRouter> log)
{
    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (Exception gone) when (gone is ConnectionResetException or ConnectionAbortedException or OperationCanceledException
            && context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to be answered.
        }
        catch (BadHttpRequestException)
        {
            // Kestrel answers it, with the status that it found.
            throw;
        }
        catch (Exception unexpected)
        {
            // The edge of a request: a broken promise of ours.
            LogBroke(unexpected, context.Request.Method);
            if (context.Response.HasStarted) context.Abort();
            else await Refusal.Broken.SendAsync(context);
        }
    }

    private async Task RouteAsync(HttpContext context)
    {
        var connection = context.Features.GetRequiredFeature<InterceptedConnection>();
        var request = context.Request;
        if (FindSession(connection, request) is { } strange)
        {
            await strange.SendAsync(context);
            return;
        }
        var wanted = new Wanted(
            connection.IsSecure, connection.ServerName, connection.Tunnel, connection.Destination, connection.Local.Port, connection.IsExplicit,
            request.Headers.Host, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        var (route, refusal) = Routing.Of(wanted);
        refusal ??= Fault(request.Headers) ?? (IsKache(route.Authority) ? Refusal.Loop : Routing.IsServersOwn(route.Authority, connection.Remote.Address) ? Refusal.ServersOwn : null);
        if (refusal is not null) await refusal.SendAsync(context);
        else if (route.Authority.Host == probeHost) await AnswerProbeAsync(context, connection.Session!);
        else await connection.Session!.Engine.HandleAsync(context, route);
    }

    /// <returns>Null when the connection belongs to a session, which this request may use.</returns>
    private Refusal? FindSession(InterceptedConnection connection, HttpRequest request)
    {
        // Behind a tunnel, and on transparent ports, the connection has been told apart already.
        if (connection is { IsExplicit: true, Tunnel: null } && request.Headers.ProxyAuthorization is [{ } field])
        {
            if (!ProxyCredentials.TryParse(field, out var credentials)
                || !sessions.TryFind(credentials.Session, credentials.Secret, out var named)) return Refusal.WrongSession;
            return connection.BelongsTo(named) ? null : Refusal.OtherSession;
        }
        if (connection.Session is not null) return null;
        if (!connection.IsExplicit) return Refusal.NoSession;
        if (!sessions.TryFind(connection.Remote.Address, out var own)) return Refusal.NoCredentials;
        return connection.BelongsTo(own) ? null : Refusal.OtherSession;
    }

    /// <summary>Kestrel lets control characters pass in values; an origin behind us may read them as the end of a field.</summary>
    private static Refusal? Fault(IHeaderDictionary headers)
    {
        foreach (var (name, values) in headers)
        {
            foreach (var value in values)
            {
                if (value is not null && FieldValue.HasControl(value)) return Refusal.ControlCharacter(name);
            }
        }
        return null;
    }

    private bool IsKache(Authority authority) =>
        IPAddress.TryParse(authority.DialName, out var address) && isOwnAddress(new IPEndPoint(address, authority.Port));

    private static async Task AnswerProbeAsync(HttpContext context, Session session)
    {
        var text = $"kache {session.Id}\n";
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.ContentLength = text.Length;
        context.Response.Headers.CacheControl = "no-store";
        if (context.Request.Method != "HEAD") await context.Response.WriteAsync(text, context.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A {Method} request broke")]
    private partial void LogBroke(Exception failure, string method);
}
