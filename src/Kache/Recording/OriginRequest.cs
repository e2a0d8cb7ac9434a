using System.Diagnostics.CodeAnalysis;
using System.Net.Http;
using Kache.Exchanges;
using Kache.Sessions;

namespace Kache.Recording;

/// <summary>The request that goes to the origin: the client's, with its target byte for byte. Pure.</summary>
internal static class OriginRequest
{
    private static readonly UriCreationOptions AsGiven = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <returns>False for a target or a host that cannot be put into a request (<c>OPTIONS *</c>).</returns>
    public static bool TryUri(RequestRoute route, [NotNullWhen(true)] out Uri? uri)
    {
        uri = null;
        return route.Target.StartsWith('/') && Uri.TryCreate($"{route.Scheme}://{route.Authority}{route.Target}", AsGiven, out uri);
    }

    public static HttpRequestMessage Create(HttpRequest client, RequestRoute route, Fields fields, HttpContent? body)
    {
        var request = Create(client.Method, route, fields, body);
        // gRPC over h2 asks for it, and Kache passes trailers on (RFC 9113 §8.2.2).
        if (client.Protocol == "HTTP/2" && client.Headers.TE == "trailers") request.Headers.TryAddWithoutValidation("TE", "trailers");
        return request;
    }

    public static HttpRequestMessage Create(string method, RequestRoute route, Fields fields, HttpContent? body)
    {
        if (!TryUri(route, out var uri)) throw new ArgumentException("TryUri said no", nameof(route));
        var request = new HttpRequestMessage(new HttpMethod(method), uri) { Content = body };
        MessageFields.ToOrigin(fields, request);
        return request;
    }
}
