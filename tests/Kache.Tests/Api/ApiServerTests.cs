using System.Net;
using System.Text;
using System.Text.Json;
using Kache.Api;
using Kache.Certificates;
using Kache.Sessions;
using Xunit;

namespace Kache.Tests.Api;

/// <summary>The API over its wires: who gets in, and what a refusal looks like.</summary>
public sealed class ApiServerTests : IAsyncLifetime
{
    private RunningApi _api = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _api = await RunningApi.StartAsync(SessionMode.Record);

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer ")]
    [InlineData("Bearer kache_wrong")]
    [InlineData("Basic a2FjaGVfbG9jYWw=")]
    [InlineData("kache_local")]
    public async Task Without_a_valid_token_not_even_a_path_is_told(string? authorization)
    {
        using var http = Http(authorization);
        foreach (var path in new[] { "/api/v1/status", "/api/v1/tags", "/api/v1/nothing", "/", "/api/v1/openapi.json" })
        {
            using var response = await http.GetAsync(new Uri(path, UriKind.Relative), Stop);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("unauthorized", await TokenOf(response));
            Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
        }
    }

    [Fact]
    public async Task A_token_gets_what_it_may_and_nothing_when_revoked()
    {
        var created = await _api.AsLocal().CreateTokenAsync(new CreateToken("ci", ["record:team/*"]), Stop);
        await using var api = _api.Over(created.Token);
        Assert.Equal("1.2.3", (await api.StatusAsync(Stop)).Version);
        var opened = await api.OpenSessionAsync(new OpenSession("record", "team/app", Clients: ["self"]), Stop);
        Assert.Equal(["127.0.0.1"], opened.Clients);
        Assert.Equal("ci", Assert.Single(await api.SessionsAsync(Stop)).Owner);
        Assert.Equal("not_allowed", (await Assert.ThrowsAsync<KacheException>(() => api.OpenSessionAsync(new OpenSession("record", "x"), Stop))).Token);
        Assert.Equal("not_allowed", (await Assert.ThrowsAsync<KacheException>(() => api.TokensAsync(Stop))).Token);
        // What records, and what is nobody's, has nothing to begin again.
        Assert.Equal("invalid", (await Assert.ThrowsAsync<KacheException>(() => api.RewindSessionAsync(opened.Id, Stop))).Token);
        Assert.Equal("not_found", (await Assert.ThrowsAsync<KacheException>(() => api.RewindSessionAsync("nobody", Stop))).Token);
        var closed = await api.CloseSessionAsync(opened.Id, new CloseSession(WaitSeconds: 1), Stop);
        Assert.Equal((opened.Id, 7L), (closed.Id, closed.Requests));
        await _api.AsLocal().RevokeTokenAsync("ci", Stop);
        Assert.Equal("unauthorized", (await Assert.ThrowsAsync<KacheException>(() => api.StatusAsync(Stop))).Token);
    }

    [Fact]
    public async Task The_folders_own_token_is_an_administrators()
    {
        await using var api = _api.Over(RunningApi.LocalToken);
        Assert.Empty(await api.TokensAsync(Stop));
        Assert.Equal(_api.Authority.Fingerprint.ToString(), (await api.CaAsync(Stop)).Fingerprint);
    }

    [Fact]
    public async Task The_CA_is_shown_to_everybody_and_its_key_to_nobody()
    {
        using var shown = await ApiConnection.ShowCaAsync(_api.Url, Stop);
        Assert.Equal(_api.Authority.Fingerprint, ApiConnection.FingerprintOf(shown));
        Assert.False(shown.HasPrivateKey);
        using var http = Http(null);
        Assert.DoesNotContain("PRIVATE", await http.GetStringAsync(new Uri("/ca.crt", UriKind.Relative), Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_servers_CA_is_not_trusted()
    {
        var folder = Directory.CreateTempSubdirectory("kache-ca-").FullName;
        using var other = CertificateAuthority.OpenOrCreate(folder, TimeProvider.System);
        await using var api = ApiConnection.OverTls(_api.Url, RunningApi.LocalToken, other.Certificate);
        Assert.Equal("unreachable", (await Assert.ThrowsAsync<KacheException>(() => api.StatusAsync(Stop))).Token);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Whoever_may_use_the_socket_is_the_local_user()
    {
        Assert.SkipUnless(Environment.UserName == "root", "the socket of this test is root's");
        await using var api = ApiConnection.OverSocket(_api.Socket, "socket");
        await api.OpenSessionAsync(new OpenSession("record", "a"), Stop);
        Assert.Null(Assert.Single(await api.SessionsAsync(Stop)).Owner);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_api.Socket));
    }

    [Theory]
    [InlineData("GET", "/api/v1/nothing", "", 404, "not_found")]
    [InlineData("PATCH", "/api/v1/tags", "", 405, "not_found")]
    [InlineData("GET", "/api/v1/recording", "", 400, "invalid")]
    [InlineData("GET", "/api/v1/recording?reference=a&reference=b", "", 400, "invalid")]
    [InlineData("GET", "/api/v1/recording?reference=none", "", 404, "unknown_reference")]
    [InlineData("GET", "/api/v1/sessions/none", "", 404, "not_found")]
    [InlineData("GET", "/api/v1/sessions/none/log", "", 404, "not_found")]
    [InlineData("GET", "/api/v1/sessions/..%2f..%2fca/log", "", 404, "not_found")]
    [InlineData("POST", "/api/v1/sessions", "", 400, "invalid")]
    [InlineData("POST", "/api/v1/sessions", "null", 400, "invalid")]
    [InlineData("POST", "/api/v1/sessions", "{\"mode\":\"record\"}", 400, "invalid")]
    [InlineData("POST", "/api/v1/sessions", "{\"mode\":\"playback\",\"reference\":\"team/app\"}", 409, "mode_not_served")]
    [InlineData("POST", "/api/v1/sessions", "{\"mode\":\"record\",\"reference\":\"a\",\"clients\":[null]}", 400, "invalid")]
    [InlineData("POST", "/api/v1/sessions", "{\"mode\":\"record\",\"reference\":\"a\",\"http1\":[null]}", 400, "invalid")]
    [InlineData("POST", "/api/v1/tokens", "{\"name\":\"x\",\"allow\":[null]}", 400, "invalid")]
    [InlineData("POST", "/api/v1/tokens", "{\"allow\":[\"admin\"]}", 400, "invalid")]
    [InlineData("DELETE", "/api/v1/tokens/none", "", 404, "not_found")]
    [InlineData("POST", "/api/v1/tags", "{\"reference\":\"none\",\"tag\":\"Bad Tag\"}", 400, "invalid")]
    public async Task What_cannot_be_done_says_why_in_JSON(string method, string path, string body, int status, string token)
    {
        using var http = Http($"Bearer {RunningApi.LocalToken}");
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (body.Length > 0) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request, Stop);
        Assert.Equal((status, token), ((int)response.StatusCode, await TokenOf(response)));
    }

    [Fact]
    public async Task A_request_that_is_too_large_is_refused()
    {
        using var http = Http($"Bearer {RunningApi.LocalToken}");
        using var response = await http.PostAsync(new Uri("/api/v1/sessions", UriKind.Relative), new StringContent(new string(' ', 2_000_000)), Stop);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "invalid"), (response.StatusCode, await TokenOf(response)));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_told_with_what_to_do()
    {
        await using var api = ApiConnection.OverTls(new Uri("https://127.0.0.1:1"), "kache_x", _api.Authority.Certificate);
        var refusal = await Assert.ThrowsAsync<KacheException>(() => api.StatusAsync(Stop));
        Assert.Equal("unreachable", refusal.Token);
        Assert.Contains("https://127.0.0.1:1 cannot be reached", refusal.Message);
    }

    private HttpClient Http(string? authorization)
    {
        var http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new() { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
        }) { BaseAddress = _api.Url };
        if (authorization is not null) http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        return http;
    }

    private static async Task<string?> TokenOf(HttpResponseMessage response)
    {
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Stop)).RootElement;
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        return error.GetProperty("error").GetString();
    }
}
