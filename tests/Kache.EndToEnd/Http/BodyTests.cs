using System.Security.Cryptography;
using System.Text;
using Kache.EndToEnd.Origins;
using Kache.EndToEnd.Serving;
using Kache.EndToEnd.Wire;
using Xunit;

namespace Kache.EndToEnd.Http;

/// <summary>Bodies: how they end, and that they flow.</summary>
public sealed class BodyTests(Ground ground) : IClassFixture<Ground>
{
    [Theory]
    [InlineData("short of its length", "Content-Length: 100\r\n\r\nonly this")]
    [InlineData("in the middle of a chunk", "Transfer-Encoding: chunked\r\n\r\n64\r\nonly this")]
    [InlineData("without a last chunk", "Transfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n")]
    [Trait("Row", "H11")]
    public async Task A_body_that_ends_early_breaks_for_the_client_too_and_breaks_again_in_playback(string how, string rest)
    {
        ground.Origin.On("/truncated", async c =>
        {
            await c.SendAsync("HTTP/1.1 200 OK\r\n" + rest);
            c.Close();
        });
        HttpAnswer recorded, played;
        await using (var recording = await ground.RecordAsync("h11"))
        {
            recorded = await ground.AskAsync("https://script.test/truncated");
            var ended = await recording.CloseAsync();
            Assert.Contains(ended.Gaps, g => g.Where.Contains("/truncated", StringComparison.Ordinal));
        }
        await using (var playback = await ground.PlayBackAsync("h11"))
        {
            played = await ground.AskAsync("https://script.test/truncated");
            // Not a miss: the origin's break is what was recorded.
            Assert.Empty((await playback.CloseAsync()).Misses);
        }

        Assert.True(recorded.End == AnswerEnd.Broken, how);
        Assert.True(played.End == AnswerEnd.Broken, how);
        Assert.Equal("only this", recorded.Text);
        Assert.Equal("only this", played.Text);
    }

    [Theory]
    [InlineData("Content-Length: 4\r\nContent-Length: 9\r\n\r\nonly this")]
    [InlineData("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n0\r\n\r\n")]
    [Trait("Row", "H11")]
    public async Task A_body_with_two_framings_is_never_answered_as_whole(string rest)
    {
        ground.Origin.On("/twoframings", async c =>
        {
            await c.SendAsync("HTTP/1.1 200 OK\r\n" + rest);
            c.Close();
        });
        HttpAnswer recorded, played;
        await using (var recording = await ground.RecordAsync("h11-framing"))
        {
            recorded = await ground.AskAsync("https://script.test/twoframings");
            await recording.CloseAsync();
        }
        await using (await ground.PlayBackAsync("h11-framing"))
        {
            played = await ground.AskAsync("https://script.test/twoframings");
        }

        Assert.False(recorded is { Status: 200, End: AnswerEnd.Whole }, recorded.ToString());
        Assert.False(played is { Status: 200, End: AnswerEnd.Whole }, played.ToString());
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task Chunks_and_trailers_of_an_answer_are_kept()
    {
        ground.Origin.Answers("/trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 42\r\nX-Other: \u00e9\r\n\r\n");

        var (recorded, played) = await ground.BothAsync("h13-trailers", "https://script.test/trailers", "TE: trailers\r\n");

        foreach (var answer in new[] { recorded, played })
        {
            Assert.Equal((AnswerEnd.Whole, "hello world"), (answer.End, answer.Text));
            Assert.Equal("chunked", answer.Value("transfer-encoding"));
            Assert.Contains(("x-sum", "42"), answer.Trailers.Select(t => (t.Name.ToLowerInvariant(), t.Value)));
            Assert.Contains(("x-other", "\u00e9"), answer.Trailers.Select(t => (t.Name.ToLowerInvariant(), t.Value)));
        }
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task A_body_without_a_length_ends_with_the_connection_and_is_whole()
    {
        ground.Origin.On("/nolength", async c =>
        {
            await c.SendAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
            c.Close();
        });

        var (recorded, played) = await ground.BothAsync("h13-nolength", "https://script.test/nolength");

        Assert.Equal((AnswerEnd.Whole, "until the end"), (recorded.End, recorded.Text));
        Assert.Equal((AnswerEnd.Whole, "until the end"), (played.End, played.Text));
        Assert.Null(played.Value("content-length"));
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task A_client_that_expects_100_gets_it_before_it_sends_its_body()
    {
        byte[]? received = null;
        ground.Origin.On("/expects", async c =>
        {
            if (c.Request.Value("expect") is not null) await c.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            received = await c.ReadBodyAsync();
            await c.SendAsync("HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\ndone");
        });

        async Task<HttpAnswer> AskAsync()
        {
            await using var wire = await ground.TlsAsync();
            await wire.SendAsync("POST /expects HTTP/1.1\r\nHost: script.test\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
            Assert.Equal("HTTP/1.1 100 Continue", await wire.LineAsync());
            Assert.Equal("", await wire.LineAsync());
            await wire.SendAsync("hello world");
            return await wire.ReadAnswerAsync();
        }
        var (recorded, played) = await ground.BothAsync("h13-expect", AskAsync);

        Assert.Equal("hello world", Encoding.Latin1.GetString(received!));
        Assert.Equal((201, "done"), (recorded.Status, recorded.Text));
        Assert.Equal((201, "done"), (played.Status, played.Text));
    }

    [Fact]
    [Trait("Row", "H13")]
    [Trait("Row", "H3")]
    public async Task Chunked_uploads_reach_the_origin_and_are_told_apart_by_their_bytes()
    {
        ground.Origin.On("/upload", async c =>
        {
            var body = Encoding.Latin1.GetString(await c.ReadBodyAsync());
            var answer = $"got {body}";
            await c.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {answer.Length}\r\n\r\n{answer}");
        });

        async Task<HttpAnswer> UploadAsync(string body)
        {
            await using var wire = await ground.TlsAsync();
            await wire.SendAsync($"POST /upload HTTP/1.1\r\nHost: script.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{body[..3]}\r\n{body.Length - 3:x}\r\n{body[3..]}\r\n0\r\n\r\n");
            return await wire.ReadAnswerAsync();
        }
        await using (var recording = await ground.RecordAsync("h13-chunked"))
        {
            Assert.Equal("got first body", (await UploadAsync("first body")).Text);
            Assert.Equal("got second body", (await UploadAsync("second body")).Text);
            await recording.CloseAsync();
        }
        await using var playback = await ground.PlayBackAsync("h13-chunked");
        Assert.Equal("got second body", (await UploadAsync("second body")).Text);
        Assert.Equal("got first body", (await UploadAsync("first body")).Text);
        Assert.Equal(424, (await UploadAsync("third body")).Status);
        Assert.Single((await playback.CloseAsync(exitCode: 3)).Misses);
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task An_early_hint_is_not_passed_on_and_the_answer_after_it_is()
    {
        ground.Origin.Answers("/hints", "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

        var (recorded, played) = await ground.BothAsync("h13-hints", "https://script.test/hints");

        Assert.Equal("ok", recorded.Text);
        Assert.Equal("ok", played.Text);
    }

    [Fact]
    [Trait("Row", "H20")]
    public async Task An_upload_of_40_MB_passes()
    {
        byte[]? digest = null;
        ground.Origin.On("/large-upload", async c =>
        {
            digest = SHA256.HashData(await c.ReadBodyAsync());
            await c.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        var body = DeterministicBytes.Make(40_000_000);

        async Task<HttpAnswer> UploadAsync()
        {
            await using var wire = await ground.TlsAsync();
            await wire.SendAsync($"PUT /large-upload HTTP/1.1\r\nHost: script.test\r\nContent-Length: {body.Length}\r\n\r\n");
            await wire.SendAsync(body);
            return await wire.ReadAnswerAsync();
        }
        var (recorded, played) = await ground.BothAsync("h20-upload", UploadAsync);

        Assert.Equal(SHA256.HashData(body), digest);
        Assert.Equal(("ok", "ok"), (recorded.Text, played.Text));
    }

    [Fact]
    [Trait("Row", "H23")]
    public async Task The_first_byte_is_passed_on_when_it_comes()
    {
        var more = new TaskCompletionSource();
        ground.Origin.On("/drip", async c =>
        {
            await c.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\na");
            await more.Task.WaitAsync(c.Ended);
            await c.SendAsync("bcdefghij");
        });
        await using var recording = await ground.RecordAsync("h23");
        await using var wire = await ground.TlsAsync();
        await wire.SendAsync("GET /drip HTTP/1.1\r\nHost: script.test\r\n\r\n");

        while (await wire.LineAsync() is { Length: > 0 }) { }
        Assert.Equal("a"u8.ToArray(), await wire.BytesAsync(1));
        more.SetResult();
        Assert.Equal("bcdefghij"u8.ToArray(), await wire.BytesAsync(9));
    }

    [Fact]
    [Trait("Row", "H12")]
    public async Task What_a_client_breaks_off_is_fetched_to_its_end()
    {
        var body = DeterministicBytes.Make(300_000);
        var broken = new TaskCompletionSource();
        ground.Origin.On("/broken-off", async c =>
        {
            await c.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n");
            await c.SendAsync(body.AsMemory(0, 1000));
            await broken.Task.WaitAsync(c.Ended);
            await c.SendAsync(body.AsMemory(1000));
        });
        await using (var recording = await ground.RecordAsync("h12"))
        {
            await using (var wire = await ground.TlsAsync())
            {
                await wire.SendAsync("GET /broken-off HTTP/1.1\r\nHost: script.test\r\n\r\n");
                while (await wire.LineAsync() is { Length: > 0 }) { }
                await wire.BytesAsync(1000);
            }
            broken.SetResult();
            Assert.Empty((await recording.CloseAsync()).Gaps);
        }
        await using var playback = await ground.PlayBackAsync("h12");

        Assert.Equal(body, (await ground.AskAsync("https://script.test/broken-off")).Body);
    }

    [Fact]
    [Trait("Row", "H24")]
    public async Task Errors_are_answers_too()
    {
        foreach (var status in new[] { 400, 404, 410, 418, 451 })
        {
            ground.Origin.Answers($"/status/{status}", $"HTTP/1.1 {status} Because\r\nContent-Length: 3\r\n\r\n{status}");

            var (recorded, played) = await ground.BothAsync("h24", $"https://script.test/status/{status}");

            Assert.Equal((status, "Because", $"{status}"), (recorded.Status, recorded.Reason, recorded.Text));
            Assert.Equal((status, "Because", $"{status}"), (played.Status, played.Reason, played.Text));
        }
    }

    [Fact]
    [Trait("Row", "H14")]
    public async Task Redirects_are_the_clients_to_follow()
    {
        ground.Origin.Answers("/here", "HTTP/1.1 302 Found\r\nLocation: https://other.test/there\r\nContent-Length: 0\r\n\r\n");
        ground.Origin.Answers("/there", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\narrived");
        var asked = ground.Origin.Requests.Count;

        var (recorded, played) = await ground.BothAsync("h14", "https://script.test/here");

        Assert.Equal((302, "https://other.test/there"), (recorded.Status, recorded.Value("location")));
        Assert.Equal((302, "https://other.test/there"), (played.Status, played.Value("location")));
        Assert.Equal(asked + 1, ground.Origin.Requests.Count);
    }
}
