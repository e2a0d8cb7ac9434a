using Kache.Dns;
using Kache.Exchanges;
using Kache.Playback;
using Kache.Store;
using Kache.Tests.Playback.Matching;
using Xunit;

namespace Kache.Tests.Engines;

/// <summary>Names in playback come from what was kept; nobody is asked.</summary>
public sealed class NamesTests : IAsyncLifetime
{
    private const int A = 1;
    private const int Text = 16;
    private const int Aaaa = 28;

    private Studio _studio = null!;
    private SealedRecording _recording = null!;
    private KeptNames _names = null!;

    public async ValueTask InitializeAsync()
    {
        _studio = await Studio.OpenAsync();
        await using var journal = await _studio.Store.OpenJournalAsync("names", Studio.Stop);
        await journal.AppendAsync(new NameLookup("seen.test", A, 0, default));
        await journal.AppendAsync(new NameLookup("none.test", A, 3, default));
        // Said not to exist once, and spoken to all the same.
        await journal.AppendAsync(new NameLookup("origin.test", A, 3, default));
        await journal.AppendAsync(new NameLookup("seen.test", Text, 0, new byte[] { 1, 2, 3 }));
        await journal.AppendAsync(new NameLookup("gone.test", Text, 3, default));
        await journal.AppendAsync(Recorded.Exchange(journal.NextOrdinal()));
        _recording = await _studio.Store.OpenRecordingAsync(await _studio.Store.SealAsync(journal, Studio.Stop), Studio.Stop);
        _names = new KeptNames(_recording);
    }

    public ValueTask DisposeAsync()
    {
        _recording.Dispose();
        return _studio.DisposeAsync();
    }

    [Theory]
    [Trait("Row", "N3")]
    [InlineData("seen.test", A, "Proxy")]
    [InlineData("seen.test", Aaaa, "Proxy")]
    [InlineData("none.test", A, "NoSuchName")]
    [InlineData("none.test", Aaaa, "NoSuchName")]
    [InlineData("none.test", Text, "NoSuchName")]
    [InlineData("origin.test", A, "Proxy")]
    // A name never seen leads to the proxy, so that what is asked there is a miss that is told.
    [InlineData("never.test", A, "Proxy")]
    [InlineData("never.test", Text, "NoData")]
    [InlineData("gone.test", Text, "NoSuchName")]
    public void A_name_is_answered_from_what_was_kept(string name, int type, string expected) =>
        Assert.Equal(expected, _names.Answer(name, type).GetType().Name);

    [Fact]
    [Trait("Row", "N1")]
    public void A_message_that_was_kept_is_said_again() =>
        Assert.Equal([1, 2, 3], Assert.IsType<NameAnswer.Kept>(_names.Answer("seen.test", Text)).Message.ToArray());
}
