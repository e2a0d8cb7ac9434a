using Kache.Exchanges;
using Kache.Tests.Raw;
using Xunit;

namespace Kache.Tests.Engines;

/// <summary>Other protocols than HTTP, asked for over HTTP.</summary>
[Trait("Row", "H19")]
public sealed class UpgradeTests : IAsyncLifetime
{
    private const string Ask = "GET /socket HTTP/1.1\r\nHost: origin.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: abc\r\n\r\n";

    private Studio _studio = null!;

    public async ValueTask InitializeAsync() => _studio = await Studio.OpenAsync();

    public ValueTask DisposeAsync() => _studio.DisposeAsync();

    [Fact]
    public async Task A_socket_works_and_is_listed_as_not_recorded()
    {
        var asked = "";
        await using var origin = new RawOrigin(async connection =>
        {
            asked = await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: xyz\r\n\r\n\u0081\u0002hi");
            Assert.Equal("\u0081\u0083123", await connection.ReadAsync(5));
            await connection.WriteAsync("\u0088\u0000");
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using (var client = await stage.ConnectAsync())
        {
            await client.WriteAsync(Ask);
            var head = await client.ReadHeadAsync();
            Assert.StartsWith("HTTP/1.1 101 Switching Protocols\r\n", head);
            Assert.Contains("sec-websocket-accept: xyz\r\n", head, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("upgrade: websocket\r\n", head, StringComparison.OrdinalIgnoreCase);
            Assert.Equal("\u0081\u0002hi", await client.ReadAsync(4));
            await client.WriteAsync("\u0081\u0083123");
            Assert.Equal("\u0088\u0000", await client.ReadAsync(2));
        }
        Assert.Contains("upgrade: websocket\r\n", asked, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("sec-websocket-key: abc\r\n", asked, StringComparison.OrdinalIgnoreCase);
        var digest = await _studio.SealAsync(stage);
        var gap = Assert.Single(stage.Report.Gaps);
        Assert.Equal((GapKind.Upgrade, $"http://{origin.Authority}/socket", "NOT RECORDED: it was switched to websocket, and its bytes were passed on unread."), (gap.Kind, gap.Where, gap.Detail));
        Assert.Empty(await _studio.ExchangesAsync(digest));
        Assert.Equal(("upgraded", 101), (await stage.LogAsync()).Select(line => (line.Step, line.Status)).Single());

        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        Assert.StartsWith("HTTP/1.1 424 ", await play.AskAsync(Ask));
        Assert.Equal(1, play.Report.MissCount);
    }

    [Fact]
    public async Task A_socket_that_is_open_at_the_end_of_the_session_is_closed()
    {
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n!");
            await connection.ReadAsync(1);
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using var client = await stage.ConnectAsync();
        await client.WriteAsync(Ask);
        await client.ReadHeadAsync();
        Assert.Equal("!", await client.ReadAsync(1));
        await stage.Engine.DrainAsync(TimeSpan.Zero, Studio.Stop);

        Assert.Equal(0, stage.Report.Active);
    }

    [Fact]
    public async Task An_origin_that_does_not_switch_is_recorded_as_ever()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno");
        await using var stage = await _studio.RecordAsync(origin.Authority);

        Assert.EndsWith("\r\n\r\nno", await stage.AskAsync(Ask));
        Assert.Equal(426, Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage))).Response.Status);
        Assert.Equal(0, stage.Report.GapCount);
    }

    [Fact]
    public async Task An_offer_of_h2c_is_passed_over()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        const string offer = "GET /a HTTP/1.1\r\nHost: origin.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n";

        Assert.EndsWith("\r\n\r\nok", await stage.AskAsync(offer));
        Assert.DoesNotContain("h2c", Assert.Single(origin.Requests), StringComparison.OrdinalIgnoreCase);
        var digest = await _studio.SealAsync(stage);
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        Assert.EndsWith("\r\n\r\nok", await play.AskAsync(offer));
        Assert.Equal((0L, 0L), (stage.Report.GapCount, play.Report.MissCount));
    }
}
