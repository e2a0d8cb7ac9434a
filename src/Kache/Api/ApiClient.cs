using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Kache.Api;

/// <summary>Asks a server over HTTP: over TLS whose CA is pinned, or over the Unix socket of the data folder. Made by <see cref="ApiConnection"/>.</summary>
#pragma warning disable RS0030 // This is the API's client: it speaks to a Kache server, never to an origin.
internal sealed class ApiClient(HttpClient http, string description) : IKacheApi
{
    public string Description => description;

    public Task<ServerStatus> StatusAsync(CancellationToken cancellation) => GetAsync("/status", ApiJson.Default.ServerStatus, cancellation);

    public Task<SessionOpened> OpenSessionAsync(OpenSession request, CancellationToken cancellation) =>
        PostAsync("/sessions", request, ApiJson.Default.OpenSession, ApiJson.Default.SessionOpened, cancellation);

    public Task<IReadOnlyList<SessionInfo>> SessionsAsync(CancellationToken cancellation) =>
        GetAsync("/sessions", ApiJson.Default.IReadOnlyListSessionInfo, cancellation);

    public Task<SessionInfo> SessionAsync(string id, CancellationToken cancellation) =>
        GetAsync("/sessions/" + Escape(id), ApiJson.Default.SessionInfo, cancellation);

    public Task<SessionClosed> CloseSessionAsync(string id, CloseSession request, CancellationToken cancellation) =>
        PostAsync($"/sessions/{Escape(id)}/close", request, ApiJson.Default.CloseSession, ApiJson.Default.SessionClosed, cancellation);

    public async Task RewindSessionAsync(string id, CancellationToken cancellation) =>
        (await SendAsync(HttpMethod.Post, $"/sessions/{Escape(id)}/rewind", null, cancellation)).Dispose();

    public async IAsyncEnumerable<LogEntry> LogAsync(string sessionId, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await SendAsync(HttpMethod.Get, $"/sessions/{Escape(sessionId)}/log", null, cancellation);
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        using var reader = new StreamReader(body);
        while (await reader.ReadLineAsync(cancellation) is { } line)
            yield return JsonSerializer.Deserialize(line, ApiJson.Default.LogEntry) ?? throw Unreadable(null);
    }

    public Task<IReadOnlyList<TagInfo>> TagsAsync(CancellationToken cancellation) =>
        GetAsync("/tags", ApiJson.Default.IReadOnlyListTagInfo, cancellation);

    public Task<RecordingInfo> ShowAsync(string reference, CancellationToken cancellation) =>
        GetAsync("/recording?reference=" + Escape(reference), ApiJson.Default.RecordingInfo, cancellation);

    public Task<TagInfo> TagAsync(string reference, string newTag, CancellationToken cancellation) =>
        PostAsync("/tags", new SetTag(reference, newTag), ApiJson.Default.SetTag, ApiJson.Default.TagInfo, cancellation);

    public async Task RemoveAsync(string reference, CancellationToken cancellation) =>
        (await SendAsync(HttpMethod.Delete, "/recording?reference=" + Escape(reference), null, cancellation)).Dispose();

    public Task<WhyInfo> WhyAsync(WhyRequest request, CancellationToken cancellation) =>
        PostAsync("/why", request, ApiJson.Default.WhyRequest, ApiJson.Default.WhyInfo, cancellation);

    public Task<VerifyInfo> VerifyAsync(string reference, CancellationToken cancellation) =>
        GetAsync("/verify?reference=" + Escape(reference), ApiJson.Default.VerifyInfo, cancellation);

    public Task<DiffInfo> DiffAsync(string old, string current, CancellationToken cancellation) =>
        GetAsync($"/diff?old={Escape(old)}&new={Escape(current)}", ApiJson.Default.DiffInfo, cancellation);

    public Task<TokenCreated> CreateTokenAsync(CreateToken request, CancellationToken cancellation) =>
        PostAsync("/tokens", request, ApiJson.Default.CreateToken, ApiJson.Default.TokenCreated, cancellation);

    public Task<IReadOnlyList<TokenInfo>> TokensAsync(CancellationToken cancellation) =>
        GetAsync("/tokens", ApiJson.Default.IReadOnlyListTokenInfo, cancellation);

    public async Task RevokeTokenAsync(string name, CancellationToken cancellation) =>
        (await SendAsync(HttpMethod.Delete, "/tokens/" + Escape(name), null, cancellation)).Dispose();

    public Task<CaInfo> CaAsync(CancellationToken cancellation) => GetAsync("/ca", ApiJson.Default.CaInfo, cancellation);

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string Escape(string text) => Uri.EscapeDataString(text);

    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, cancellation);
        return await ReadAsync(response, type, cancellation);
    }

    private async Task<TOut> PostAsync<TIn, TOut>(string path, TIn request, JsonTypeInfo<TIn> takes, JsonTypeInfo<TOut> gives, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(request, takes));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await SendAsync(HttpMethod.Post, path, content, cancellation);
        return await ReadAsync(response, gives, cancellation);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, new Uri(ApiEndpoints.Root + path, UriKind.Relative)) { Content = content };
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException failure)
        {
            throw Unreachable(failure);
        }
        if (response.IsSuccessStatusCode) return response;
        using (response) throw await RefusalAsync(response, cancellation);
    }

    private async Task<KacheException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentType?.MediaType == "application/json")
        {
            var said = await ReadAsync(response, ApiJson.Default.ApiError, cancellation);
            return new KacheException(said.Error, said.Message);
        }
        return new KacheException(response.StatusCode == HttpStatusCode.Unauthorized ? "unauthorized" : "failed",
            $"{description} answered {(int)response.StatusCode} {response.ReasonPhrase}: this is not a Kache server of a version that fits.");
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellation);
            return await JsonSerializer.DeserializeAsync(body, type, cancellation) ?? throw Unreadable(null);
        }
        catch (JsonException malformed)
        {
            throw Unreadable(malformed);
        }
        catch (HttpIOException broken)
        {
            throw Unreachable(broken);
        }
    }

    private KacheException Unreadable(Exception? cause) =>
        new("failed", $"{description} answered something that this version cannot read. Use the same version on both sides ('kache version').", cause);

    private KacheException Unreachable(Exception cause)
    {
        // The innermost says what happened: refused, not found, untrusted.
        var reason = cause;
        while (reason.InnerException is { } inner) reason = inner;
        return new KacheException("unreachable", $"{description} cannot be reached: {reason.Message.TrimEnd('.')}. See whether it runs, and that its address and port are right.", cause);
    }
}
#pragma warning restore RS0030
