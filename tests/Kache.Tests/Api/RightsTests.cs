using Kache.Api;
using Kache.Exchanges;
using Kache.Sessions;
using Xunit;

namespace Kache.Tests.Api;

/// <summary>What a token may see and do: what it may not see is as unknown as what is not there.</summary>
public sealed class RightsTests : IAsyncLifetime
{
    private RunningApi _api = null!;
    private Digest _open;
    private Digest _secret;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _api = await RunningApi.StartAsync(SessionMode.Record, SessionMode.Playback);
        _open = await _api.RecordingAsync("team/app", 1);
        _secret = await _api.RecordingAsync("other/app", 2);
    }

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task Tags_are_listed_to_whoever_may_record_or_play_them_back()
    {
        Assert.Equal(["team/app"], (await _api.As("a", "record:team/*").TagsAsync(Stop)).Select(t => t.Tag));
        Assert.Equal(["other/app"], (await _api.As("a", "playback:other/*").TagsAsync(Stop)).Select(t => t.Tag));
        Assert.Equal(["other/app", "team/app"], (await _api.AsLocal().TagsAsync(Stop)).Select(t => t.Tag).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("other/app")]
    [InlineData("none/app")]
    [InlineData("sha256:SECRET")]
    [InlineData("team/app@sha256:SECRET")]
    [InlineData("other/app@sha256:OPEN")]
    [InlineData("sha256:0000000000")]
    public async Task What_may_not_be_seen_is_as_unknown_as_what_is_not_there(string reference)
    {
        var named = reference.Replace("SECRET", _secret.Hex[..12], StringComparison.Ordinal).Replace("OPEN", _open.Hex[..12], StringComparison.Ordinal);
        var api = _api.As("a", "record:team/*", "playback:team/*");
        var refusal = await Assert.ThrowsAsync<KacheException>(() => api.ShowAsync(named, Stop));
        Assert.Equal(("unknown_reference", $"There is no recording '{named}' here. 'kache ls' lists the tags."), (refusal.Token, refusal.Message));
        Assert.Equal("unknown_reference", (await Assert.ThrowsAsync<KacheException>(() => api.TagAsync(named, "team/new", Stop))).Token);
        var opening = await Assert.ThrowsAsync<KacheException>(() => api.OpenSessionAsync(new OpenSession("playback", named), Stop));
        // A tag is judged by its name, whether it is there or not.
        Assert.Equal(named.StartsWith("other", StringComparison.Ordinal) || named.StartsWith("none", StringComparison.Ordinal) ? "not_allowed" : "unknown_reference", opening.Token);
    }

    [Theory]
    [InlineData("team/app")]
    [InlineData("sha256:OPEN")]
    [InlineData("team/app@sha256:OPEN")]
    public async Task What_may_be_seen_is_seen_by_tag_and_by_digest(string reference)
    {
        var api = _api.As("a", "playback:team/*");
        var shown = await api.ShowAsync(reference.Replace("OPEN", _open.Hex, StringComparison.Ordinal), Stop);
        Assert.Equal((_open.ToString(), "team/app"), (shown.Digest, Assert.Single(shown.Tags)));
        Assert.Equal("pkg.test:443", Assert.Single(shown.Hosts).Host);
    }

    [Fact]
    public async Task A_recording_that_a_permitted_tag_has_left_is_still_seen_and_tags_of_others_are_not_told()
    {
        var moved = await _api.RecordingAsync("team/app", 3);
        await _api.AsLocal().TagAsync(moved.ToString(), "other/copy", Stop);
        var api = _api.As("a", "playback:team/*");
        Assert.Equal(_open.ToString(), (await api.ShowAsync(_open.ToString(), Stop)).Digest);
        var shown = await api.ShowAsync("team/app", Stop);
        Assert.Equal(["team/app"], shown.Tags);
        Assert.Equal([moved.ToString(), _open.ToString()], shown.History.Select(h => h.Digest));
    }

    [Fact]
    public async Task Tags_are_moved_and_removed_by_whoever_may_record_them()
    {
        var reader = _api.As("a", "playback:team/*");
        Assert.Equal("not_allowed", (await Assert.ThrowsAsync<KacheException>(() => reader.TagAsync("team/app", "team/new", Stop))).Token);
        Assert.Equal("not_allowed", (await Assert.ThrowsAsync<KacheException>(() => reader.RemoveAsync("team/app", Stop))).Token);
        Assert.Equal("unknown_reference", (await Assert.ThrowsAsync<KacheException>(() => reader.RemoveAsync("other/app", Stop))).Token);
        var writer = _api.As("b", "record:team/*");
        Assert.Equal(_open.ToString(), (await writer.TagAsync("team/app", "team/new", Stop)).Digest);
        await writer.RemoveAsync("team/new", Stop);
        Assert.Equal("not_allowed", (await Assert.ThrowsAsync<KacheException>(() => writer.RemoveAsync(_open.ToString(), Stop))).Token);
    }

    [Fact]
    public async Task A_recording_goes_when_nothing_points_to_it_and_an_administrator_says_so()
    {
        var api = _api.AsLocal();
        var used = await Assert.ThrowsAsync<KacheException>(() => api.RemoveAsync(_open.ToString(), Stop));
        Assert.Equal("conflict", used.Token);
        Assert.Contains("team/app", used.Message);
        await api.RemoveAsync("team/app", Stop);
        var session = await api.OpenSessionAsync(new OpenSession("playback", _open.ToString()), Stop);
        Assert.Contains(session.Id, (await Assert.ThrowsAsync<KacheException>(() => api.RemoveAsync(_open.ToString(), Stop))).Message);
        await api.CloseSessionAsync(session.Id, new CloseSession(NoWait: true), Stop);
        await api.RemoveAsync(_open.ToString(), Stop);
        Assert.Equal("unknown_reference", (await Assert.ThrowsAsync<KacheException>(() => api.ShowAsync(_open.ToString(), Stop))).Token);
    }

    [Fact]
    public async Task A_session_is_its_tokens_own()
    {
        var alice = _api.As("alice", "record:*", "playback:*");
        var bob = _api.As("bob", "record:*", "playback:*");
        var opened = await alice.OpenSessionAsync(new OpenSession("record", "team/new"), Stop);
        Assert.Equal($"http://{opened.Id}:{opened.Secret}@192.0.2.1:3128", opened.Proxy);
        Assert.Equal(opened.Id, Assert.Single(await alice.SessionsAsync(Stop)).Id);
        Assert.Empty(await bob.SessionsAsync(Stop));
        Assert.Empty((await bob.StatusAsync(Stop)).Sessions);
        Assert.Single(await _api.AsLocal().SessionsAsync(Stop));
        foreach (var ask in new Func<Task>[]
        {
            () => bob.SessionAsync(opened.Id, Stop),
            () => bob.CloseSessionAsync(opened.Id, new CloseSession(NoWait: true), Stop),
            async () => { await foreach (var _ in bob.LogAsync(opened.Id, Stop)) { } },
        }) Assert.Equal("not_found", (await Assert.ThrowsAsync<KacheException>(ask)).Token);
        await alice.CloseSessionAsync(opened.Id, new CloseSession(NoWait: true), Stop);
        var again = await Assert.ThrowsAsync<KacheException>(() => alice.CloseSessionAsync(opened.Id, new CloseSession(), Stop));
        Assert.Contains("has ended already", again.Message);
        Assert.NotNull((await alice.SessionAsync(opened.Id, Stop)).ClosedAt);
    }

    [Theory]
    [InlineData("record", "other/app", "not_allowed")]
    [InlineData("playback", "other/app", "not_allowed")]
    [InlineData("record", "sha256:0123456789", "invalid")]
    [InlineData("record", "team/app@sha256:0123456789", "invalid")]
    [InlineData("record", "Team", "invalid")]
    [InlineData("listen", "team/app", "invalid")]
    [InlineData("playback", "team/none", "unknown_reference")]
    public async Task What_cannot_be_opened_says_why(string mode, string reference, string token) =>
        Assert.Equal(token, (await Assert.ThrowsAsync<KacheException>(() => _api.As("a", "record:team/*", "playback:team/*").OpenSessionAsync(new OpenSession(mode, reference), Stop))).Token);

    [Fact]
    public async Task A_client_is_bound_by_its_own_address_and_another_by_an_administrator_only()
    {
        var alice = _api.As("alice", "record:*");
        Assert.Equal(["192.0.2.10"], (await alice.OpenSessionAsync(new OpenSession("record", "a", Clients: ["self"]), Stop)).Clients);
        var taken = await Assert.ThrowsAsync<KacheException>(() => alice.OpenSessionAsync(new OpenSession("record", "b", Clients: ["192.0.2.10"]), Stop));
        Assert.Equal("address_taken", taken.Token);
        Assert.Contains("kache session open", taken.Message);
        Assert.Equal("not_allowed", (await Assert.ThrowsAsync<KacheException>(() => alice.OpenSessionAsync(new OpenSession("record", "b", Clients: ["192.0.2.11"]), Stop))).Token);
        Assert.Equal("invalid", (await Assert.ThrowsAsync<KacheException>(() => alice.OpenSessionAsync(new OpenSession("record", "b", Clients: ["host.test"]), Stop))).Token);
        Assert.Equal(["192.0.2.11"], (await _api.AsLocal().OpenSessionAsync(new OpenSession("record", "b", Clients: ["192.0.2.11"]), Stop)).Clients);
        var other = await Assert.ThrowsAsync<KacheException>(() => alice.OpenSessionAsync(new OpenSession("record", "b", Clients: ["self", "self"]), Stop));
        Assert.Contains("belongs to the session", other.Message);
        var stranger = await Assert.ThrowsAsync<KacheException>(() => _api.As("bob", "record:*").OpenSessionAsync(new OpenSession("record", "b", Clients: ["self"]), Stop));
        Assert.Contains("belongs to another session", stranger.Message);
    }

    [Fact]
    public async Task Tokens_are_an_administrators_business()
    {
        var nobody = _api.As("a", "record:*", "playback:*");
        Assert.Equal("not_allowed", (await Assert.ThrowsAsync<KacheException>(() => nobody.TokensAsync(Stop))).Token);
        Assert.Equal("not_allowed", (await Assert.ThrowsAsync<KacheException>(() => nobody.CreateTokenAsync(new CreateToken("x", ["admin"]), Stop))).Token);
        Assert.Equal("not_allowed", (await Assert.ThrowsAsync<KacheException>(() => nobody.RevokeTokenAsync("x", Stop))).Token);
        var api = _api.As("root", "admin");
        var made = await api.CreateTokenAsync(new CreateToken("ci", ["record:team/*"]), Stop);
        Assert.StartsWith("kache_", made.Token);
        Assert.Equal("conflict", (await Assert.ThrowsAsync<KacheException>(() => api.CreateTokenAsync(new CreateToken("ci", ["admin"]), Stop))).Token);
        Assert.Equal("ci", Assert.Single(await api.TokensAsync(Stop)).Name);
        await api.RevokeTokenAsync("ci", Stop);
        Assert.Equal("not_found", (await Assert.ThrowsAsync<KacheException>(() => api.RevokeTokenAsync("ci", Stop))).Token);
        foreach (var name in new[] { "", "local", "a b", "-a", "a/b", new string('a', 65) })
            Assert.Equal("invalid", (await Assert.ThrowsAsync<KacheException>(() => api.CreateTokenAsync(new CreateToken(name, ["admin"]), Stop))).Token);
    }
}
