using System.Security.Cryptography.X509Certificates;
using Kache.Exchanges;
using Kache.Recording;
using Kache.Tests.Raw;
using Kache.Tests.Upstream;
using Kache.Upstream;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kache.Tests.Engines;

/// <summary>What ends early, does not begin, or is broken off: on the way, in the store, and when it is played back.</summary>
public sealed class BreakTests : IAsyncLifetime
{
    private Studio _studio = null!;

    public async ValueTask InitializeAsync() => _studio = await Studio.OpenAsync();

    public ValueTask DisposeAsync() => _studio.DisposeAsync();

    [Theory]
    [Trait("Row", "H11")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "Content-Length: 10\r\n", "hello", "http_response_incomplete")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "Content-Length: 10\r\n", "", "http_response_incomplete")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "chunked", "5\r\nhello\r\n", "http_response_incomplete")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", "chunked", "", "http_protocol_error")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "chunked", "", "http_protocol_error")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "chunked", "5\r\nhello\r\n", "http_protocol_error")]
    public async Task A_body_that_is_not_whole_is_broken_off_where_it_was(string answer, string framing, string body, string token)
    {
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync(answer);
            connection.EndWriting();
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        var seen = await AskToEndAsync(stage);
        Assert.Contains(framing, seen, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("0\r\n\r\n", seen[seen.IndexOf("\r\n\r\n", StringComparison.Ordinal)..]);
        var gap = Assert.Single(stage.Report.Gaps);
        Assert.Equal(GapKind.IncompleteBody, gap.Kind);

        var digest = await _studio.SealAsync(stage);
        var exchange = Assert.Single(await _studio.ExchangesAsync(digest));
        Assert.Equal((ExchangeOutcome.Incomplete, token), (exchange.Outcome, exchange.Error));
        Assert.Equal("incomplete", Assert.Single(await stage.LogAsync()).Step);

        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        var again = await AskToEndAsync(play);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", again);
        Assert.EndsWith("\r\n\r\n" + Body(seen), again);
        if (body.Length > 0) Assert.Equal(body, Body(seen));
        var report = await play.EndAsync();
        Assert.Equal((0, 1), (report.MissCount, report.GapCount));
        Assert.Equal("exact+incomplete", Assert.Single(await play.LogAsync()).Step);
    }

    [Fact]
    [Trait("Row", "H11")]
    public async Task A_reset_in_mid_body_is_a_break_too()
    {
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
            await Task.Delay(100);
            connection.Reset();
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        Assert.Equal("5\r\nhello\r\n", Body(await AskToEndAsync(stage)));
        var exchange = Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage)));
        Assert.Equal((ExchangeOutcome.Incomplete, "connection_terminated", 5L), (exchange.Outcome, exchange.Error, exchange.Response.Body.Length));
    }

    [Fact]
    [Trait("Row", "H11")]
    [Trait("Row", "H18")]
    public async Task An_h2_client_sees_its_stream_reset_and_never_a_clean_end()
    {
        var sawBytes = new TaskCompletionSource();
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            await sawBytes.Task;
            connection.EndWriting();
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        using (var response = await stage.Http2().GetAsync("/a", HttpCompletionOption.ResponseHeadersRead, Studio.Stop))
        {
            var body = await response.Content.ReadAsStreamAsync(Studio.Stop);
            var buffer = new byte[16];
            Assert.Equal(5, await body.ReadAsync(buffer, Studio.Stop));
            sawBytes.SetResult();
            await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null, Studio.Stop));
        }
        var digest = await _studio.SealAsync(stage);
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => play.Http2().GetStringAsync("/a", Studio.Stop));
        var report = await play.EndAsync();
        Assert.Equal((0, 1), (report.MissCount, report.GapCount));
    }

    [Theory]
    [Trait("Row", "H22")]
    [InlineData("refuse", "connection_refused")]
    [InlineData("close", "http_response_incomplete")]
    [InlineData("garbage", "http_protocol_error")]
    [InlineData("control", "http_protocol_error")]
    [InlineData("switch", "http_protocol_error")]
    public async Task A_failure_of_the_origin_is_told_kept_and_played_back(string how, string token)
    {
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync(how switch
            {
                "garbage" => "SSH-2.0-nothing\r\n\r\n",
                "control" => "HTTP/1.1 200 OK\r\nX-A: a\u0001b\r\nContent-Length: 0\r\n\r\n",
                "switch" => "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
                _ => "",
            });
        });
        if (how == "refuse") await origin.DisposeAsync();
        await using var stage = await _studio.RecordAsync(origin.Authority);
        var seen = await stage.GetAsync("/a");
        Assert.StartsWith("HTTP/1.1 502 Bad Gateway\r\n", seen);
        Assert.Contains($"proxy-status: kache; error={token}; details=\"", seen);
        Assert.EndsWith("the origin did not send it.\n", seen);
        var digest = await _studio.SealAsync(stage);
        var exchange = Assert.Single(await _studio.ExchangesAsync(digest));
        Assert.Equal((ExchangeOutcome.Failed, token), (exchange.Outcome, exchange.Error));

        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        var again = await play.GetAsync("/a");
        Assert.StartsWith("HTTP/1.1 502 Bad Gateway\r\n", again);
        Assert.Equal(seen.Split("\r\n\r\n")[1], again.Split("\r\n\r\n")[1]);
        Assert.Contains($"proxy-status: kache; error={token}; details=\"", again);
        Assert.Equal(0, (await play.EndAsync()).MissCount);
        Assert.Equal("exact+failure", Assert.Single(await play.LogAsync()).Step);
    }

    [Fact]
    [Trait("Row", "T6")]
    public async Task A_certificate_is_verified_and_its_chain_kept()
    {
        using var root = TestCertificates.Authority("Root");
        using var good = TestCertificates.Leaf(root, "127.0.0.1");
        using var expired = TestCertificates.Leaf(root, "127.0.0.1", validFromDays: -30, validToDays: -1);
        var trust = new UpstreamTrust([root], [], null, new FakeTimeProvider(TestCertificates.Now));

        await using (var origin = RawOrigin.Answering(_ => "HTTP/1.1 204 No Content\r\n\r\n", good))
        {
            await using var stage = await _studio.RecordAsync(origin.Authority, trust: trust, scheme: "https");
            Assert.StartsWith("HTTP/1.1 204", await stage.GetAsync("/a"));
            Assert.Equal(Digest.Of(good.RawData), Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage))).CertificateChain);
        }
        await using (var origin = RawOrigin.Answering(_ => "HTTP/1.1 204 No Content\r\n\r\n", expired))
        {
            await using var stage = await _studio.RecordAsync(origin.Authority, trust: trust, scheme: "https");
            var seen = await stage.GetAsync("/a");
            Assert.StartsWith("HTTP/1.1 502 Bad Gateway\r\n", seen);
            Assert.Contains("error=tls_certificate_error; details=\"The certificate 'CN=leaf' of 127.0.0.1 is valid from", seen);
            await using var lax = await _studio.RecordAsync(origin.Authority, new() { InsecureUpstream = ["127.0.0.1"] }, trust, "https");
            Assert.StartsWith("HTTP/1.1 204", await lax.GetAsync("/a"));
        }
    }

    [Fact]
    [Trait("Row", "H12")]
    public async Task The_rest_is_fetched_for_a_client_that_has_gone()
    {
        var left = new TaskCompletionSource();
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + new string('a', 100_000));
            await left.Task;
            await connection.WriteAsync(new string('b', 100_000));
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using (var client = await stage.ConnectAsync())
        {
            await client.WriteAsync("GET /a HTTP/1.1\r\nHost: origin.test\r\n\r\n");
            await client.ReadHeadAsync();
            client.Reset();
        }
        left.SetResult();
        var exchange = Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage)));
        Assert.Equal((ExchangeOutcome.Complete, 200_000L), (exchange.Outcome, exchange.Response.Body.Length));
        Assert.Empty(stage.Report.Gaps);
    }

    [Fact]
    [Trait("Row", "H12")]
    public async Task A_rest_that_is_too_long_becomes_a_gap()
    {
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: {10 * Linger.LongestRest}\r\n\r\n");
            // Kache ends the connection.
            while (true) await connection.WriteAsync(new string('a', 1 << 20));
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using (var client = await stage.ConnectAsync())
        {
            await client.WriteAsync("GET /a HTTP/1.1\r\nHost: origin.test\r\n\r\n");
            await client.ReadHeadAsync();
            client.Reset();
        }
        var exchange = Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage)));
        Assert.Equal(ExchangeOutcome.Incomplete, exchange.Outcome);
        Assert.Contains("which is more than is fetched without it", Assert.Single(stage.Report.Gaps).Detail);
    }

    [Fact]
    [Trait("Row", "H12")]
    public async Task A_client_that_breaks_off_its_own_upload_leaves_a_gap_and_no_exchange()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using (var client = await stage.ConnectAsync())
        {
            await client.WriteAsync("PUT /a HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 100\r\n\r\nhalf");
            await Task.Delay(100, Studio.Stop);
            client.Reset();
        }
        Assert.Empty(await _studio.ExchangesAsync(await _studio.SealAsync(stage)));
        Assert.Equal(GapKind.IncompleteBody, Assert.Single(stage.Report.Gaps).Kind);
    }

    [Fact]
    [Trait("Row", "H26")]
    public async Task A_stop_breaks_off_what_runs_too_long_and_takes_nothing_new()
    {
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            await connection.ReadToEndAsync();
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using var client = await stage.ConnectAsync();
        await client.WriteAsync("GET /a HTTP/1.1\r\nHost: origin.test\r\n\r\n");
        await client.ReadUntilAsync("hello\r\n");
        Assert.Equal(1, stage.Report.Active);
        await stage.Engine.DrainAsync(TimeSpan.FromMilliseconds(50), Studio.Stop);
        Assert.Equal("", await client.ReadToEndAsync());
        var refused = await stage.GetAsync("/b");
        Assert.StartsWith("HTTP/1.1 503", refused);
        Assert.Contains("Connection: close", refused);
        var exchange = Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage)));
        Assert.Equal((ExchangeOutcome.Incomplete, 5L), (exchange.Outcome, exchange.Response.Body.Length));
        Assert.Contains("session was stopped", Assert.Single(stage.Report.Gaps).Detail);
    }

    [Theory]
    [Trait("Row", "H23")]
    [InlineData("Content-Length: 2")]
    [InlineData("Transfer-Encoding: chunked")]
    public async Task Each_byte_is_passed_on_when_it_comes(string framing)
    {
        var chunked = framing.StartsWith("Transfer", StringComparison.Ordinal);
        var sawHead = new TaskCompletionSource();
        var sawByte = new TaskCompletionSource();
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n");
            await sawHead.Task;
            await connection.WriteAsync(chunked ? "1\r\na\r\n" : "a");
            await sawByte.Task;
            await connection.WriteAsync(chunked ? "1\r\nb\r\n0\r\n\r\n" : "b");
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using var client = await stage.ConnectAsync();
        await client.WriteAsync("GET /a HTTP/1.1\r\nHost: origin.test\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK", await client.ReadHeadAsync());
        sawHead.SetResult();
        Assert.EndsWith("a", await client.ReadUntilAsync("a"));
        sawByte.SetResult();
        Assert.EndsWith("b", await client.ReadUntilAsync("b"));
    }

    private static async Task<string> AskToEndAsync(Stage stage)
    {
        await using var client = await stage.ConnectAsync();
        await client.WriteAsync("GET /a HTTP/1.1\r\nHost: origin.test\r\n\r\n");
        return await client.ReadToEndAsync();
    }

    private static string Body(string message) => message[(message.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
}
