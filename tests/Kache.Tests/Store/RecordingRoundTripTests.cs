using Kache.Exchanges;
using Kache.Store;
using Xunit;

namespace Kache.Tests.Store;

public sealed class RecordingRoundTripTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_recorded_is_found_and_read_again()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var small = Sample.Bytes(500);
        var middle = Sample.Bytes(700_000, 2);
        var large = Sample.Bytes(3_500_000, 3);
        Digest digest;
        await using (var journal = await temporary.Store.OpenJournalAsync("s1", Stop))
        {
            var bodies = new[] { await journal.WriteAsync(small), await journal.WriteAsync(middle), await journal.WriteAsync(large) };
            foreach (var body in bodies) await journal.AppendAsync(Sample.Exchange(journal.NextOrdinal(), body));
            await journal.AppendAsync(new NameLookup("pkg.test", 1, 0, default));
            await journal.AppendAsync(new Gap(Sample.Noon, GapKind.Tunnel, "ssh.test:22", "It was tunnelled."));
            Assert.Equal(new RecordingSummary(3, 4_200_500, 1, 1), journal.Summary);
            digest = await temporary.Store.SealAsync(journal, Stop);
            Assert.Equal(digest, await temporary.Store.SealAsync(journal, Stop));
        }
        temporary.Store.RemoveJournal("s1");
        await temporary.ReopenAsync();

        using var recording = await temporary.Store.OpenRecordingAsync(digest, Stop);
        Assert.Equal(new RecordingSummary(3, 4_200_500, 1, 1), recording.Summary);
        Assert.Equal([new Authority("pkg.test", 443)], recording.Hosts);
        Assert.Equal("It was tunnelled.", Assert.Single(recording.Gaps).Detail);
        Assert.Equal(0, recording.FindName("pkg.test", 1)!.ResponseCode);
        Assert.Null(recording.FindName("other.test", 1));
        var wanted = new[] { small, middle, large };
        for (var i = 0; i < 3; i++)
        {
            var found = new List<ExchangeLocation>();
            recording.Find(ExchangeKey.Of(Sample.Exchange(i).Request, Digest.Empty), found);
            var exchange = await recording.ReadAsync(Assert.Single(found), Stop);
            Assert.Equal(Sample.Exchange(i, exchange.Response.Body), exchange);
            using var body = recording.OpenBody(exchange.Response.Body.Digest)!;
            Assert.Equal(wanted[i], await body.ReadAsync(0, body.Length));
        }
    }

    [Fact]
    public async Task An_empty_recording_can_be_sealed_and_opened()
    {
        await using var temporary = await TemporaryStore.OpenAsync();
        var digest = await temporary.RecordAsync("s1");
        using var recording = await temporary.Store.OpenRecordingAsync(digest, Stop);
        Assert.Equal(default, recording.Summary);
        Assert.Empty(recording.Hosts);
        var found = new List<ExchangeLocation>();
        recording.Find(ExchangeKey.Of(Sample.Exchange(0).Request, Digest.Empty), found);
        Assert.Empty(found);
    }
}
