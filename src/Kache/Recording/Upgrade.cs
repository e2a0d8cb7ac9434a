using System.Net.Http;
using Kache.Exchanges;
using Microsoft.AspNetCore.Http.Features;

namespace Kache.Recording;

/// <summary>
/// A client that asks for another protocol (WebSocket, and what containers are attached to): when the origin switches, bytes
/// are carried unread, and a gap says so (BEHAVIOUR H19). An offer of h2c is passed over: it asks for nothing that HTTP cannot do.
/// </summary>
internal static class Upgrade
{
    /// <returns>The protocols as the client named them; null when it asks for none.</returns>
    public static string? AskedFor(HttpContext context)
    {
        if (context.Request.Headers.Upgrade.Count == 0 || context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest != true) return null;
        var asked = context.Request.Headers.Upgrade.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(protocol => !protocol.Equals("h2c", StringComparison.OrdinalIgnoreCase));
        return string.Join(", ", asked) is { Length: > 0 } protocols ? protocols : null;
    }

    /// <summary>RFC 8441: the same over HTTP/2. Browsers do it; no package manager is known to.</summary>
    public static bool IsExtendedConnect(HttpContext context) => context.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true;

    public static void AskOrigin(HttpRequestMessage request, string protocols)
    {
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", protocols);
    }

    /// <summary>Switches the client's side too and carries bytes until both sides have ended, or the session does.</summary>
    /// <param name="fields">Of the origin's 101.</param>
    public static async Task CarryAsync(HttpContext context, HttpResponseMessage switched, Fields fields, CancellationToken stop)
    {
        MessageFields.ToClient(fields, context.Response.Headers);
        context.Response.Headers.Upgrade = switched.Headers.TryGetValues("Upgrade", out var to) ? string.Join(", ", to) : null;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop, context.RequestAborted);
        await using var client = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        await using var origin = await switched.Content.ReadAsStreamAsync(over.Token);
        await Tunnel.CarryAsync(client, origin, over.Token);
    }
}
