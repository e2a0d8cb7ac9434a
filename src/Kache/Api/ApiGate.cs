using System.Net.Sockets;
using Kache.Store;
using Microsoft.AspNetCore.Connections.Features;

namespace Kache.Api;

/// <summary>
/// Stands before every path: finds out who asks, and turns what went wrong into an answer. Without a valid token,
/// or a right user on the Unix socket, nothing is read, not even whether a path exists.
/// </summary>
internal sealed partial class ApiGate(ApiTokens tokens, IReadOnlySet<uint> localUsers, ILogger<ApiGate> log)
{
    private static readonly object CallerKey = new();

    public static Caller CallerOf(HttpContext context) => (Caller)context.Items[CallerKey]!;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            context.Items[CallerKey] = await IdentifyAsync(context);
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed })
                await RefuseAsync(context, "not_found", $"The API has no {context.Request.Method} {context.Request.Path}. See docs/api.md, or GET {ApiEndpoints.Root}/openapi.json.", context.Response.StatusCode);
        }
        catch (KacheException refusal)
        {
            await RefuseAsync(context, refusal.Token, refusal.Message, ApiStatus.Of(refusal.Token));
        }
        catch (BadHttpRequestException bad)
        {
            await RefuseAsync(context, "invalid", bad.Message, bad.StatusCode);
        }
        catch (StoreFullException full)
        {
            await RefuseAsync(context, "store_full", full.Message, StatusCodes.Status507InsufficientStorage);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Whoever asked has gone.
        }
        catch (IOException failure)
        {
            FailedOnStore(log, failure, context.Request.Path);
            await RefuseAsync(context, "failed", failure.Message, StatusCodes.Status500InternalServerError);
        }
        catch (Exception unexpected) when (!context.Response.HasStarted)
        {
            // The edge of a request: what broke is in the server's log, and not told to the caller.
            Broke(log, unexpected, context.Request.Path);
            await RefuseAsync(context, "failed", "Something unexpected happened; the server's log says what.", StatusCodes.Status500InternalServerError);
        }
    }

    private async Task<Caller> IdentifyAsync(HttpContext context)
    {
        var socket = context.Features.Get<IConnectionSocketFeature>()?.Socket;
        if (socket?.AddressFamily == AddressFamily.Unix)
        {
            var user = PeerCredentials.UserOf(socket);
            if (localUsers.Contains(user)) return Caller.Local;
            throw new KacheException("not_allowed", $"The user with uid {user} may not use this server's socket: only root and the owner of the data folder may. Use a token over HTTPS ('kache login').");
        }
        if (context.Request.Headers.Authorization is not [{ } header] || !header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            throw new KacheException("unauthorized", "A token is needed: 'Authorization: Bearer kache_…'. An administrator makes one with 'kache token create'; 'kache login' keeps it.");
        if (await tokens.FindAsync(header["Bearer ".Length..].Trim(), context.RequestAborted) is not { } found)
            throw new KacheException("unauthorized", "The token is not one of this server's, or was revoked. Ask an administrator for a new one and run 'kache login'.");
        return new Caller(found.Name, found.Allow, Plain(context.Connection.RemoteIpAddress), Plain(context.Connection.LocalIpAddress));
    }

    private static System.Net.IPAddress? Plain(System.Net.IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;

    private static async Task RefuseAsync(HttpContext context, string token, string message, int status)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }
        context.Response.Clear();
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized) context.Response.Headers.WWWAuthenticate = "Bearer realm=\"kache\"";
        await ApiEndpoints.WriteAsync(context, new ApiError(token, message), ApiJson.Default.ApiError);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The request for {Path} failed on the store")]
    private static partial void FailedOnStore(ILogger logger, Exception failure, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "The request for {Path} broke")]
    private static partial void Broke(ILogger logger, Exception failure, string path);
}
