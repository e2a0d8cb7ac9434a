using Kache.Exchanges;
using Kache.Store;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kache.Tests.Store;

public sealed class CatalogTests : IAsyncLifetime
{
    private readonly string _root = TemporaryStore.NewFolder();
    private readonly FakeTimeProvider _clock = new(Sample.Noon);
    private DataStore _store = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Catalog Catalog => _store.Catalog;

    public async ValueTask InitializeAsync() => _store = await DataStore.OpenAsync(_root, StoreAccess.Server, _clock, Stop);

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public async Task A_tag_moves_and_its_history_says_where_it_was()
    {
        var digests = Enumerable.Range(0, 3).Select(i => Digest.Of([(byte)i])).ToArray();
        foreach (var digest in digests)
        {
            await Catalog.MoveTagAsync(Tag("one"), digest, Stop);
            _clock.Advance(TimeSpan.FromMinutes(1));
        }
        await Catalog.MoveTagAsync(Tag("another"), digests[0], Stop);
        await ReopenAsync();
        Assert.Equal(["another", "one"], (await Catalog.TagsAsync(Stop)).Select(entry => entry.Tag.Value));
        Assert.Equal(new TagEntry(Tag("one"), digests[2], Sample.Noon.AddMinutes(2)), (await Catalog.TagsAsync(Stop))[1]);
        Assert.Equal(digests.Reverse(), (await Catalog.HistoryAsync(Tag("one"), Stop)).Select(entry => entry.Digest));

        Assert.True(await Catalog.RemoveTagAsync(Tag("one"), Stop));
        Assert.False(await Catalog.RemoveTagAsync(Tag("one"), Stop));
        Assert.Empty(await Catalog.HistoryAsync(Tag("one"), Stop));
        Assert.Single(await Catalog.HistoryAsync(Tag("another"), Stop));
    }

    [Fact]
    public async Task Sessions_are_kept_as_they_are_and_listed_running_ones_first()
    {
        var running = new SessionEntry("a1", "playback", "t@sha256:abcdef", Digest.Empty, ["192.0.2.1", "2001:db8::1"], [1, 2, 3], "ci", """{"strict":true}""", Sample.Noon, null);
        var newer = running with { Id = "b2", Mode = "record", Resolved = null, Clients = [], OwnerToken = null, OpenedAt = Sample.Noon.AddTicks(10) };
        foreach (var session in (SessionEntry[])[running, newer, running with { Id = "c3", ClosedAt = Sample.Noon.AddDays(1) }]) await Catalog.SaveSessionAsync(session, Stop);
        await ReopenAsync();
        var all = await Catalog.SessionsAsync(onlyRunning: false, Stop);
        Assert.Equal(["b2", "a1", "c3"], all.Select(session => session.Id));
        Assert.Equivalent(running, all[1], strict: true);
        Assert.Equivalent(newer, all[0], strict: true);
        await Catalog.SaveSessionAsync(newer with { ClosedAt = Sample.Noon }, Stop);
        Assert.Equal(["a1"], (await Catalog.SessionsAsync(onlyRunning: true, Stop)).Select(session => session.Id));
    }

    [Fact]
    public async Task Tokens_have_their_names_alone()
    {
        var token = new TokenEntry("ci", [9, 8, 7], ["record:team/*", "playback:\"odd\"\n"], Sample.Noon);
        Assert.True(await Catalog.AddTokenAsync(token, Stop));
        Assert.False(await Catalog.AddTokenAsync(token with { Hash = [1] }, Stop));
        await ReopenAsync();
        Assert.Equivalent(token, Assert.Single(await Catalog.TokensAsync(Stop)), strict: true);
        Assert.True(await Catalog.RemoveTokenAsync("ci", Stop));
        Assert.False(await Catalog.RemoveTokenAsync("ci", Stop));
    }

    private async Task ReopenAsync()
    {
        await _store.DisposeAsync();
        _store = await DataStore.OpenAsync(_root, StoreAccess.Server, _clock, Stop);
    }

    private static TagName Tag(string name) => TagName.TryParse(name, out var tag) ? tag : throw new ArgumentException(name);
}
