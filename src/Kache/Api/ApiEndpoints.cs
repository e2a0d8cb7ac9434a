using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Kache.Api;

/// <summary>The paths under /api/v1 (docs/api.md): each reads its words, calls a handler and writes what came of it.</summary>
internal static class ApiEndpoints
{
    public const string Root = "/api/v1";

    private static readonly byte[] NewLine = [(byte)'\n'];

    /// <param name="handlers">The handlers for whoever sent the request.</param>
    public static void Map(IEndpointRouteBuilder routes, Func<HttpContext, IKacheApi> handlers)
    {
        void On(string method, string path, Func<HttpContext, IKacheApi, Task> handle) =>
            routes.MapMethods(Root + path, [method], context => handle(context, handlers(context)));

        On("GET", "/openapi.json", (context, _) => OpenApi.WriteAsync(context));
        On("GET", "/status", async (context, api) =>
            await WriteAsync(context, await api.StatusAsync(context.RequestAborted), ApiJson.Default.ServerStatus));
        On("GET", "/ca", async (context, api) =>
            await WriteAsync(context, await api.CaAsync(context.RequestAborted), ApiJson.Default.CaInfo));

        On("GET", "/sessions", async (context, api) =>
            await WriteAsync(context, await api.SessionsAsync(context.RequestAborted), ApiJson.Default.IReadOnlyListSessionInfo));
        On("POST", "/sessions", async (context, api) =>
            await WriteAsync(context, await api.OpenSessionAsync(await ReadAsync(context, ApiJson.Default.OpenSession), context.RequestAborted), ApiJson.Default.SessionOpened));
        On("GET", "/sessions/{id}", async (context, api) =>
            await WriteAsync(context, await api.SessionAsync(Route(context, "id"), context.RequestAborted), ApiJson.Default.SessionInfo));
        // Not the request's token: a close that began goes on when the one who asked has gone.
        On("POST", "/sessions/{id}/close", async (context, api) =>
            await WriteAsync(context, await api.CloseSessionAsync(Route(context, "id"), await ReadAsync(context, ApiJson.Default.CloseSession), CancellationToken.None), ApiJson.Default.SessionClosed));
        On("POST", "/sessions/{id}/rewind", async (context, api) =>
        {
            await api.RewindSessionAsync(Route(context, "id"), context.RequestAborted);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        });
        On("GET", "/sessions/{id}/log", (context, api) => WriteLogAsync(context, api.LogAsync(Route(context, "id"), context.RequestAborted)));

        On("GET", "/tags", async (context, api) =>
            await WriteAsync(context, await api.TagsAsync(context.RequestAborted), ApiJson.Default.IReadOnlyListTagInfo));
        On("POST", "/tags", async (context, api) =>
        {
            var wish = await ReadAsync(context, ApiJson.Default.SetTag);
            await WriteAsync(context, await api.TagAsync(wish.Reference, wish.Tag, context.RequestAborted), ApiJson.Default.TagInfo);
        });
        // References hold slashes, colons and at-signs: they travel in the query.
        On("GET", "/recording", async (context, api) =>
            await WriteAsync(context, await api.ShowAsync(Query(context, "reference"), context.RequestAborted), ApiJson.Default.RecordingInfo));
        On("DELETE", "/recording", async (context, api) =>
        {
            await api.RemoveAsync(Query(context, "reference"), context.RequestAborted);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        });

        On("POST", "/why", async (context, api) =>
            await WriteAsync(context, await api.WhyAsync(await ReadAsync(context, ApiJson.Default.WhyRequest), context.RequestAborted), ApiJson.Default.WhyInfo));
        On("GET", "/verify", async (context, api) =>
            await WriteAsync(context, await api.VerifyAsync(Query(context, "reference"), context.RequestAborted), ApiJson.Default.VerifyInfo));
        On("GET", "/diff", async (context, api) =>
            await WriteAsync(context, await api.DiffAsync(Query(context, "old"), Query(context, "new"), context.RequestAborted), ApiJson.Default.DiffInfo));

        On("GET", "/tokens", async (context, api) =>
            await WriteAsync(context, await api.TokensAsync(context.RequestAborted), ApiJson.Default.IReadOnlyListTokenInfo));
        On("POST", "/tokens", async (context, api) =>
            await WriteAsync(context, await api.CreateTokenAsync(await ReadAsync(context, ApiJson.Default.CreateToken), context.RequestAborted), ApiJson.Default.TokenCreated));
        On("DELETE", "/tokens/{name}", async (context, api) =>
        {
            await api.RevokeTokenAsync(Route(context, "name"), context.RequestAborted);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        });
    }

    public static async Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
        await context.Response.Body.WriteAsync(NewLine, context.RequestAborted);
    }

    private static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted)
                ?? throw new KacheException("invalid", "The request's body is null; an object is expected (docs/api.md).");
        }
        catch (JsonException malformed)
        {
            throw new KacheException("invalid", $"The request's body is not the JSON that is expected here: {malformed.Message}", malformed);
        }
    }

    private static async Task WriteLogAsync(HttpContext context, IAsyncEnumerable<LogEntry> log)
    {
        context.Response.ContentType = "application/x-ndjson";
        await foreach (var entry in log)
        {
            await JsonSerializer.SerializeAsync(context.Response.Body, entry, ApiJson.Default.LogEntry, context.RequestAborted);
            await context.Response.Body.WriteAsync(NewLine, context.RequestAborted);
        }
    }

    private static string Route(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    private static string Query(HttpContext context, string name) => context.Request.Query[name] is [{ Length: > 0 } value]
        ? value
        : throw new KacheException("invalid", $"The query needs '{name}', once.");
}
