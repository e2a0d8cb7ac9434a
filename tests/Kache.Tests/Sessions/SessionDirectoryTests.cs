using System.Net;
using Kache.Exchanges;
using Kache.Sessions;
using Kache.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using SessionOptions = Kache.Sessions.SessionOptions;

namespace Kache.Tests.Sessions;

public sealed class SessionDirectoryTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"kache-sessions-{Guid.NewGuid():n}");
    private readonly EchoFactory _engines = new(SessionMode.Record);
    private DataStore _store = null!;
    private SessionDirectory _sessions = null!;

    public async ValueTask InitializeAsync()
    {
        _store = await DataStore.OpenAsync(_folder, StoreAccess.Server, TimeProvider.System, TestContext.Current.CancellationToken);
        _sessions = Fresh();
    }

    public async ValueTask DisposeAsync()
    {
        await _sessions.DisposeAsync();
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_client_finds_its_own_session_by_its_address()
    {
        var one = await OpenAsync("one", "192.0.2.1");
        var two = await OpenAsync("two", "192.0.2.2");
        Assert.Same(one.Session, Find("192.0.2.1"));
        Assert.Same(two.Session, Find("192.0.2.2"));
        Assert.Same(one.Session, Find("::ffff:192.0.2.1"));
        Assert.Null(Find("192.0.2.3"));
    }

    [Fact, Trait("Row", "N1b")]
    public async Task A_client_without_ipv4_is_known_by_its_64()
    {
        var one = await OpenAsync("one", "2001:db8:1:2::aa");
        Assert.Same(one.Session, Find("2001:db8:1:2:ffff:1:2:3"));
        Assert.Null(Find("2001:db8:1:3::aa"));
    }

    [Fact]
    public async Task Any_loopback_address_is_this_machine()
    {
        var one = await OpenAsync("one", "127.0.0.1");
        Assert.Same(one.Session, Find("127.0.0.53"));
        Assert.Same(one.Session, Find("::1"));
    }

    [Fact]
    public async Task An_address_that_has_a_session_gets_no_other()
    {
        var one = await OpenAsync("one", "192.0.2.1");
        var second = await _sessions.OpenAsync(Request("two", "192.0.2.1"), TestContext.Current.CancellationToken);
        var taken = Assert.IsType<SessionOpening.AddressTaken>(second);
        Assert.Equal((IPAddress.Parse("192.0.2.1"), one.Session.Id), (taken.Client, taken.SessionId));
        Assert.Single(_sessions.Running);
    }

    [Fact]
    public async Task Id_and_secret_open_a_session_and_nothing_else_does()
    {
        var one = await OpenAsync("one");
        var two = await OpenAsync("two");
        Assert.True(_sessions.TryFind(one.Session.Id, one.Secret, out var found));
        Assert.Same(one.Session, found);
        Assert.False(_sessions.TryFind(one.Session.Id, two.Secret, out _));
        Assert.False(_sessions.TryFind("nobody", one.Secret, out _));
        Assert.False(_sessions.TryFind(one.Session.Id, "", out _));
        Assert.DoesNotContain(one.Secret, File.ReadAllText(new StorePaths(_store.Folder).Catalog, System.Text.Encoding.Latin1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_ran_goes_on_after_a_restart()
    {
        var options = new SessionOptions { Strict = true, Bypass = [".internal.test"], Ports = [8443], Http1 = ["old.test"] };
        var opened = (SessionOpening.Opened)await _sessions.OpenAsync(Request("one", "192.0.2.1") with { Options = options, OwnerToken = "ci" }, TestContext.Current.CancellationToken);
        await using var next = Fresh();
        await next.RestoreAsync(TestContext.Current.CancellationToken);
        var session = Assert.Single(next.Running);
        Assert.Equal((opened.Session.Id, "ci", true), (session.Id, session.OwnerToken, session.Options.Strict));
        Assert.Equal([".internal.test"], session.Options.Bypass);
        Assert.Equal([8443], session.Options.Ports);
        Assert.True(next.TryFind(session.Id, opened.Secret, out _));
        Assert.True(next.TryFind(IPAddress.Parse("192.0.2.1"), out _));
    }

    [Fact]
    public async Task A_session_that_was_closed_stays_closed()
    {
        var one = await OpenAsync("one", "192.0.2.1");
        var ending = await _sessions.CloseAsync(one.Session.Id, TimeSpan.Zero, moveTag: true, TestContext.Current.CancellationToken);
        Assert.Equal(7, ending!.Report.Requests);
        Assert.True(_engines.Engines[one.Session.Id].Drained);
        Assert.True(one.Session.Ended.IsCancellationRequested);
        Assert.Null(Find("192.0.2.1"));
        Assert.False(_sessions.TryFind(one.Session.Id, one.Secret, out _));
        Assert.Null(await _sessions.CloseAsync(one.Session.Id, TimeSpan.Zero, moveTag: true, TestContext.Current.CancellationToken));
        await using var next = Fresh();
        await next.RestoreAsync(TestContext.Current.CancellationToken);
        Assert.Empty(next.Running);
        await OpenAsync("one", "192.0.2.1");
    }

    [Fact]
    public async Task A_session_of_a_process_of_its_own_is_not_taken_over_and_what_it_recorded_is_sealed_when_that_was_killed()
    {
        var run = new SessionDirectory(_store, [_engines], TimeProvider.System, NullLogger<SessionDirectory>.Instance, standalone: true);
        var opened = Assert.IsType<SessionOpening.Opened>(await run.OpenAsync(Request("one", "198.18.0.2"), TestContext.Current.CancellationToken));
        await using (var journal = await _store.OpenJournalAsync(opened.Session.Id, TestContext.Current.CancellationToken))
            await journal.AppendAsync(new Gap(DateTimeOffset.UnixEpoch, GapKind.Tunnel, "a.test:22", "seen"));

        await _sessions.RestoreAsync(TestContext.Current.CancellationToken);
        Assert.Empty(_sessions.Running);
        Assert.Empty(await _sessions.SealAbandonedAsync(TestContext.Current.CancellationToken));

        // Its lock goes as a killed process's would.
        await run.DisposeAsync();
        var (session, digest) = Assert.Single(await _sessions.SealAbandonedAsync(TestContext.Current.CancellationToken));
        Assert.Equal(opened.Session.Id, session);
        using (var recording = await _store.OpenRecordingAsync(digest, TestContext.Current.CancellationToken)) Assert.Equal(1, recording.Summary.Gaps);
        Assert.Empty(await _store.Catalog.TagsAsync(TestContext.Current.CancellationToken));
        Assert.Empty(await _store.Catalog.SessionsAsync(onlyRunning: true, TestContext.Current.CancellationToken));
        Assert.Empty(await _sessions.SealAbandonedAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_recording_is_made_under_a_tag_only()
    {
        Assert.True(Reference.TryParse("sha256:0123456789", out var digest));
        var opening = await _sessions.OpenAsync(new SessionRequest(SessionMode.Record, digest, new SessionOptions(), [], null), TestContext.Current.CancellationToken);
        Assert.IsType<SessionOpening.Invalid>(opening);
    }

    [Fact]
    public async Task A_mode_that_nobody_serves_is_said()
    {
        Assert.True(Reference.TryParse("one", out var reference));
        var opening = await _sessions.OpenAsync(new SessionRequest(SessionMode.Playback, reference, new SessionOptions(), [], null), TestContext.Current.CancellationToken);
        Assert.IsType<SessionOpening.ModeNotServed>(opening);
    }

    [Fact]
    public async Task The_log_lists_what_was_answered_and_survives_a_torn_line()
    {
        var file = Path.Combine(_folder, "log.jsonl");
        var answer = new AnsweredRequest(DateTimeOffset.UnixEpoch.AddDays(20000), "GET", "https://a.test/ü", 200, 12, TimeSpan.FromMilliseconds(1.5), "exact");
        await using (var log = SessionLog.Open(file))
        {
            for (var i = 0; i < 1000; i++) log.Add(answer with { Status = i });
        }
        await File.AppendAllTextAsync(file, "{\"at\":\"2024", TestContext.Current.CancellationToken);
        await using (var log = SessionLog.Open(file)) log.Add(answer with { Step = "miss" });
        var read = new List<AnsweredRequest>();
        await foreach (var entry in SessionLog.ReadAsync(file, TestContext.Current.CancellationToken)) read.Add(entry);
        Assert.Equal(1001, read.Count);
        Assert.Equal(answer with { Status = 999 }, read[999]);
        Assert.Equal("miss", read[1000].Step);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    private SessionDirectory Fresh() => new(_store, [_engines], TimeProvider.System, NullLogger<SessionDirectory>.Instance);

    private Session? Find(string address) => _sessions.TryFind(IPAddress.Parse(address), out var session) ? session : null;

    private static SessionRequest Request(string tag, params string[] clients)
    {
        Assert.True(Reference.TryParse(tag, out var reference));
        return new SessionRequest(SessionMode.Record, reference, new SessionOptions(), [.. clients.Select(IPAddress.Parse)], null);
    }

    private async Task<SessionOpening.Opened> OpenAsync(string tag, params string[] clients) =>
        Assert.IsType<SessionOpening.Opened>(await _sessions.OpenAsync(Request(tag, clients), TestContext.Current.CancellationToken));
}
