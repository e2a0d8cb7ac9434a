using System.Net;
using Kache.Dns;
using Kache.Exchanges;
using Kache.Playback;
using Kache.Recording;
using Kache.Sessions;
using Kache.Store;
using Kache.Tests.Dns;
using Kache.Tests.Store;
using Kache.Upstream;
using Kache.Upstream.Resolving;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kache.Tests.Recording;

/// <summary>Names while recording, with a resolver on loopback and a real journal, and what playback then says of them.</summary>
public sealed class RecordedNamesTests : IAsyncLifetime
{
    private const int A = 1;
    private const int Mx = 15;
    private const int Txt = 16;
    private const int Aaaa = 28;
    private const int Srv = 33;

    private TemporaryStore _store = null!;
    private SessionJournal _journal = null!;
    private SessionLog _log = null!;
    private Keeper _keeper = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = await TemporaryStore.OpenAsync();
        _journal = await _store.Store.OpenJournalAsync("s1", Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _journal.DisposeAsync();
        if (_log is not null) await _log.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    [Trait("Row", "N3")]
    public async Task What_exists_leads_to_the_proxy_and_what_does_not_is_kept_as_such()
    {
        await using var resolver = new FakeResolver((name, type) => (name, type) switch
        {
            ("pkg.test", A) => Said.Addresses("192.0.2.1"),
            ("six.test", Aaaa) => Said.Addresses("2001:db8::1"),
            ("pkg.test" or "six.test", _) => Said.NoData,
            _ => Said.NoSuchName,
        });
        var names = Names(resolver);
        foreach (var type in new[] { A, Aaaa, A })
        {
            Assert.IsType<NameAnswer.Proxy>(await names.AnswerAsync("pkg.test", type, Stop));
            Assert.IsType<NameAnswer.Proxy>(await names.AnswerAsync("six.test", type, Stop));
            Assert.IsType<NameAnswer.NoSuchName>(await names.AnswerAsync("pkg.test.corp.test", type, Stop));
        }

        using var recording = await SealAsync();
        Assert.Equal((0, 0, 3), (recording.FindName("pkg.test", A)!.ResponseCode, recording.FindName("six.test", A)!.ResponseCode, recording.FindName("pkg.test.corp.test", A)!.ResponseCode));
        var played = new KeptNames(recording);
        Assert.IsType<NameAnswer.Proxy>(played.Answer("pkg.test", Aaaa));
        Assert.IsType<NameAnswer.NoSuchName>(played.Answer("pkg.test.corp.test", Aaaa));
        Assert.IsType<NameAnswer.Proxy>(played.Answer("never-seen.test", A));
    }

    [Fact]
    [Trait("Row", "N3")]
    public async Task What_is_not_known_leads_to_the_proxy_and_is_not_kept()
    {
        await using var resolver = new FakeResolver((name, _) => name == "slow.test" ? Said.Nothing : Said.ServFail);
        var names = Names(resolver);
        Assert.IsType<NameAnswer.Proxy>(await names.AnswerAsync("ill.test", A, Stop));
        Assert.IsType<NameAnswer.Proxy>(await names.AnswerAsync("slow.test", A, Stop));
        using var recording = await SealAsync();
        Assert.Null(recording.FindName("ill.test", A));
        Assert.Null(recording.FindName("slow.test", A));
    }

    [Fact]
    [Trait("Row", "N1")]
    public async Task Other_types_are_passed_on_and_kept_as_received()
    {
        await using var resolver = new FakeResolver((name, type) => type switch
        {
            Txt => new Said(Records: [Rr.Text("v=spf1")]),
            Srv => Said.NoSuchName,
            Mx when name == "ill.test" => Said.ServFail,
            _ => Said.NoData,
        });
        var names = Names(resolver);
        var txt = Assert.IsType<NameAnswer.Kept>(await names.AnswerAsync("pkg.test", Txt, Stop));
        Assert.Contains("v=spf1", System.Text.Encoding.ASCII.GetString(txt.Message.Span), StringComparison.Ordinal);
        Assert.Equal(3, Packets.Read(Assert.IsType<NameAnswer.Kept>(await names.AnswerAsync("_ldap._tcp.test", Srv, Stop)).Message.ToArray()).Code);
        Assert.IsType<NameAnswer.ServerFailure>(await names.AnswerAsync("ill.test", Mx, Stop));

        using var recording = await SealAsync();
        var played = new KeptNames(recording);
        Assert.Equal(txt.Message.ToArray(), Assert.IsType<NameAnswer.Kept>(played.Answer("pkg.test", Txt)).Message.ToArray());
        Assert.Equal(3, Packets.Read(Assert.IsType<NameAnswer.Kept>(played.Answer("_ldap._tcp.test", Srv)).Message.ToArray()).Code);
        Assert.IsType<NameAnswer.NoData>(played.Answer("ill.test", Mx));
    }

    [Fact]
    public async Task The_same_lookups_make_the_same_recording()
    {
        await using var resolver = new FakeResolver((_, type) => type == Txt ? new Said(Records: [Rr.Text("x")]) : Said.Addresses("192.0.2.1"));
        var digests = new List<Digest>();
        foreach (var session in new[] { "s2", "s3" })
        {
            await using var journal = await _store.Store.OpenJournalAsync(session, Stop);
            var names = Names(resolver, journal: journal);
            await Task.WhenAll(Enumerable.Range(0, 10).Select(i => names.AnswerAsync("pkg.test", i % 2 == 0 ? A : Txt, Stop).AsTask()));
            digests.Add(await _store.Store.SealAsync(journal, Stop));
        }
        Assert.Equal(digests[0], digests[1]);
    }

    [Fact]
    [Trait("Row", "N3")]
    public async Task A_name_that_was_found_once_stays_found()
    {
        var there = false;
        await using var resolver = new FakeResolver((_, type) => there && type == A ? Said.Addresses("192.0.2.1") : Said.NoSuchName);
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var names = Names(resolver, clock: clock);
        foreach (var now in new[] { false, true, false })
        {
            there = now;
            Assert.Equal(now ? typeof(NameAnswer.Proxy) : typeof(NameAnswer.NoSuchName), (await names.AnswerAsync("late.test", A, Stop)).GetType());
            // What was shared is over.
            clock.Advance(TimeSpan.FromSeconds(6));
        }
        using var recording = await SealAsync();
        Assert.Equal(0, recording.FindName("late.test", A)!.ResponseCode);
    }

    [Fact]
    [Trait("Row", "N6")]
    public async Task A_bypassed_host_has_its_real_addresses_and_is_listed_once()
    {
        await using var resolver = new FakeResolver((name, type) => (name, type) switch
        {
            ("db.corp.test", A) => Said.Addresses("203.0.113.1"),
            ("db.corp.test", Aaaa) => Said.Addresses("2001:db8::1"),
            ("db.corp.test", Txt) => new Said(Records: [Rr.Text("x")]),
            _ => Said.NoSuchName,
        });
        var names = Names(resolver, bypass: [".corp.test"]);
        foreach (var type in new[] { A, Aaaa })
        {
            var answer = Assert.IsType<NameAnswer.Addresses>(await names.AnswerAsync("db.corp.test", type, Stop));
            Assert.Equal(["203.0.113.1", "2001:db8::1"], answer.Real.Select(a => a.ToString()));
        }
        Assert.IsType<NameAnswer.Kept>(await names.AnswerAsync("db.corp.test", Txt, Stop));
        Assert.IsType<NameAnswer.NoSuchName>(await names.AnswerAsync("gone.corp.test", A, Stop));
        Assert.IsType<NameAnswer.NoSuchName>(await names.AnswerAsync("corp.test", A, Stop));

        Assert.Equal(["db.corp.test", "gone.corp.test"], _keeper.Gaps.Select(g => g.Where));
        Assert.All(_keeper.Gaps, g => Assert.Equal(GapKind.BypassedName, g.Kind));
        using var recording = await SealAsync();
        Assert.Null(recording.FindName("db.corp.test", A));
        Assert.NotNull(recording.FindName("corp.test", A));
    }

    [Fact]
    [Trait("Row", "N3")]
    public async Task With_an_upstream_proxy_every_name_leads_to_the_proxy()
    {
        await using var resolver = new FakeResolver((_, _) => Said.NoSuchName);
        var names = Names(resolver, bypass: ["db.test"], proxy: new Uri("http://192.0.2.9:3128"));
        Assert.IsType<NameAnswer.Proxy>(await names.AnswerAsync("pkg.test", A, Stop));
        // Its real addresses are not known here; the tunnel through the proxy may still find it.
        Assert.IsType<NameAnswer.Proxy>(await names.AnswerAsync("db.test", A, Stop));
        using var recording = await SealAsync();
        Assert.Null(recording.FindName("pkg.test", A));
    }

    [Fact]
    public async Task After_the_end_names_are_answered_and_not_kept()
    {
        await using var resolver = new FakeResolver((_, _) => Said.NoSuchName);
        var names = Names(resolver, bypass: ["db.test"]);
        await names.CloseAsync();
        Assert.IsType<NameAnswer.NoSuchName>(await names.AnswerAsync("late.test", A, Stop));
        await names.AnswerAsync("db.test", A, Stop);
        Assert.Empty(_keeper.Gaps);
        using var recording = await SealAsync();
        Assert.Null(recording.FindName("late.test", A));
    }

    private RecordedNames Names(
        FakeResolver resolver, string[]? bypass = null, Uri? proxy = null, TimeProvider? clock = null, SessionJournal? journal = null)
    {
        clock ??= TimeProvider.System;
        var options = new UpstreamOptions { Resolvers = [resolver.Endpoint], Proxy = proxy };
        var upstream = new UpstreamNames(new UpstreamResolvers(new OutgoingSockets(clock), options, clock, "/nonexistent"), options, clock, "/nonexistent");
        _log ??= SessionLog.Open(Path.Combine(_store.Root, "log.jsonl"));
        var setup = new SessionSetup("s1", SessionMode.Record, new SessionOptions { Bypass = bypass ?? [] }, null, _log);
        _keeper = new Keeper(setup, journal ?? _journal, TimeProvider.System, NullLogger.Instance);
        return new RecordedNames(setup, upstream, _keeper);
    }

    private async Task<SealedRecording> SealAsync() => await _store.Store.OpenRecordingAsync(await _store.Store.SealAsync(_journal, Stop), Stop);
}
