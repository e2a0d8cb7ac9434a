using System.Collections.Immutable;
using System.Net.Http;
using System.Net.Http.Headers;
using Kache.Exchanges;
using Microsoft.Extensions.Primitives;

namespace Kache.Recording;

/// <summary>Fields between Kestrel, SocketsHttpHandler and the store: every value apart and in order, hop-by-hop ones left out. Pure.</summary>
internal static class MessageFields
{
    public static Fields FromClient(IHeaderDictionary headers)
    {
        var hops = HopByHop.Of(headers.Connection);
        var lines = ImmutableArray.CreateBuilder<Field>(headers.Count);
        foreach (var (name, values) in headers)
        {
            var lower = name.ToLowerInvariant();
            // Proxy-Authorization is said to Kache as a proxy (RFC 9110 §11.7.2): it holds the session's secret.
            if (name.StartsWith(':') || hops.Includes(lower) || lower == "proxy-authorization") continue;
            foreach (var value in values) lines.Add(new Field(lower, value ?? ""));
        }
        return new Fields(lines.DrainToImmutable());
    }

    public static Fields FromOrigin(HttpResponseMessage response)
    {
        var head = response.Headers.NonValidated;
        var hops = HopByHop.Of(head.TryGetValues("Connection", out var connection) ? connection : []);
        var lines = ImmutableArray.CreateBuilder<Field>(head.Count + 4);
        Add(lines, head, hops);
        Add(lines, response.Content.Headers.NonValidated, hops);
        return new Fields(lines.DrainToImmutable());
    }

    /// <summary>Empty over HTTP/2, which has none: HttpResponseMessage makes one up.</summary>
    public static string Reason(HttpResponseMessage response) => response.Version.Major >= 2 ? "" : response.ReasonPhrase ?? "";

    public static Fields Trailers(HttpResponseMessage response)
    {
        var trailers = response.TrailingHeaders.NonValidated;
        if (trailers.Count == 0) return Fields.None;
        var lines = ImmutableArray.CreateBuilder<Field>(trailers.Count);
        Add(lines, trailers, HopByHop.Of([]));
        return new Fields(lines.DrainToImmutable());
    }

    public static void ToOrigin(Fields fields, HttpRequestMessage request)
    {
        foreach (var (name, value) in fields)
        {
            // The length goes with the body that is sent; Host decides nothing but itself.
            if (name == "content-length" || request.Headers.TryAddWithoutValidation(name, value)) continue;
            request.Content ??= new ByteArrayContent([]);
            request.Content.Headers.TryAddWithoutValidation(name, value);
        }
    }

    /// <param name="fields">Without Content-Length: it is set with the body.</param>
    public static void ToClient(Fields fields, IHeaderDictionary headers)
    {
        foreach (var (name, value) in fields)
        {
            // BEHAVIOUR N8: kept, but the client must not be led away from the proxy.
            if (name is "alt-svc" or "content-length") continue;
            // Not Append: it passes over empty values.
            headers[name] = StringValues.Concat(headers[name], value);
        }
    }

    /// <returns>The name of a field that carries a control character other than a tab, or null.</returns>
    public static string? WithControlCharacter(Fields fields)
    {
        foreach (var (name, value) in fields)
            if (FieldValue.HasControl(value)) return name;
        return null;
    }

    private static void Add(ImmutableArray<Field>.Builder lines, HttpHeadersNonValidated headers, HopByHop hops)
    {
        foreach (var (name, values) in headers)
        {
            var lower = name.ToLowerInvariant();
            if (hops.Includes(lower)) continue;
            foreach (var value in values) lines.Add(new Field(lower, value));
        }
    }
}
