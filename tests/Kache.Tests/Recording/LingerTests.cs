using Kache.Recording;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kache.Tests.Recording;

[Trait("Row", "H12")]
public sealed class LingerTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly CancellationTokenSource _client = new();
    private readonly CancellationTokenSource _session = new();

    [Fact]
    public void A_request_goes_on_for_a_while_when_its_client_has_gone()
    {
        using var linger = Linger(mayGoOn: true);
        _client.Cancel();
        _clock.Advance(Kache.Recording.Linger.LongestWait - TimeSpan.FromSeconds(1));
        Assert.False(linger.Stop.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(linger.Stop.IsCancellationRequested);
        Assert.Contains("client went away", linger.WhyStopped);
    }

    [Fact]
    public void Without_its_whole_request_there_is_nothing_to_go_on_with()
    {
        using var linger = Linger(mayGoOn: false);
        _client.Cancel();
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(linger.Stop.IsCancellationRequested);
    }

    [Fact]
    [Trait("Row", "H26")]
    public void The_end_of_the_session_ends_it_at_once()
    {
        using var linger = Linger(mayGoOn: true);
        _session.Cancel();
        Assert.True(linger.Stop.IsCancellationRequested);
        Assert.Contains("session was stopped", linger.WhyStopped);
    }

    [Fact]
    public void A_rest_that_is_too_long_is_not_fetched()
    {
        using var linger = Linger(mayGoOn: true);
        Assert.Null(linger.Over(Kache.Recording.Linger.LongestRest, 100));
        Assert.NotNull(linger.Over(Kache.Recording.Linger.LongestRest + 1, 100));
    }

    [Fact]
    public void An_answer_without_an_end_is_fetched_for_a_while()
    {
        using var linger = Linger(mayGoOn: true);
        Assert.Null(linger.Over(null, 1000));
        Assert.Null(linger.Over(null, 1000 + Kache.Recording.Linger.LongestRest));
        Assert.NotNull(linger.Over(null, 1001 + Kache.Recording.Linger.LongestRest));
    }

    private Linger Linger(bool mayGoOn) => new(_client.Token, _session.Token, () => mayGoOn, _clock);
}
