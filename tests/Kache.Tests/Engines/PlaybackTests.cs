using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using CsCheck;
using Kache.Exchanges;
using Kache.Playback;
using Kache.Tests.Raw;
using Xunit;

namespace Kache.Tests.Engines;

/// <summary>What is asked is not what was asked: made from what was recorded, in its order, or a miss.</summary>
public sealed class PlaybackTests : IAsyncLifetime
{
    private const string Text = "The quick brown fox jumps over the lazy dog, and comes back.";

    private Studio _studio = null!;

    public async ValueTask InitializeAsync() => _studio = await Studio.OpenAsync();

    public ValueTask DisposeAsync() => _studio.DisposeAsync();

    [Fact]
    [Trait("Row", "H8")]
    public async Task Ranges_are_those_of_the_whole()
    {
        var whole = string.Concat(Enumerable.Range(0, 30_000).Select(i => (char)('a' + (i % 26))));
        await using var play = await RecordedAsync(_ => $"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Type: text/x\r\nContent-MD5: x\r\nContent-Length: {whole.Length}\r\n\r\n{whole}", "/a");

        var range = Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Int[0, 5000], (first, length) => (First: first, Last: Math.Min(first + length, whole.Length - 1)));
        await Gen.OneOf(range.Array[1], range.Array[2, 4]).SampleAsync(async ranges =>
        {
            var answer = await play.GetAsync("/a", "Range: bytes=" + string.Join(',', ranges.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.First}-{r.Last}"))));
            if (ranges.Sum(r => r.Last - r.First + 1) > whole.Length) return answer.EndsWith(whole, StringComparison.Ordinal);
            return answer.StartsWith("HTTP/1.1 206 Partial Content\r\n", StringComparison.Ordinal)
                && !answer.Contains("content-md5", StringComparison.OrdinalIgnoreCase)
                && (ranges.Length == 1 ? IsPart(answer, whole, ranges[0]) : AreParts(answer, whole, ranges));
        }, iter: 60, threads: 1);

        Assert.StartsWith("HTTP/1.1 416 Range Not Satisfiable\r\n", await play.GetAsync("/a", "Range: bytes=30000-"));
        Assert.EndsWith(whole, await play.GetAsync("/a", "Range: bytes=0-1", "If-Range: \"v2\""));
        Assert.StartsWith("HTTP/1.1 206", await play.GetAsync("/a", "Range: bytes=-1", "If-Range: \"v1\""));
        Assert.Equal(0, (await play.EndAsync()).MissCount);
    }

    [Fact]
    [Trait("Row", "H6")]
    public async Task A_HEAD_is_made_from_a_GET()
    {
        await using var play = await RecordedAsync(_ => "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello", "/a");
        var head = await play.AskAsync("HEAD /a HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n");
        Assert.Contains("Content-Length: 5\r\n", head);
        Assert.Contains("x-a: b\r\n", head);
        Assert.EndsWith("\r\n\r\n", head);
        Assert.Equal("head-from-get", Assert.Single(await play.LogAsync()).Step);
    }

    [Fact]
    [Trait("Row", "H6")]
    public async Task A_recorded_HEAD_comes_back_with_the_length_that_it_told()
    {
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        const string Head = "HEAD /a HTTP/1.1\r\nHost: origin.test\r\n\r\n";
        await using (var client = await stage.ConnectAsync())
        {
            await client.WriteAsync(Head);
            Assert.Contains("Content-Length: 5\r\n", await client.ReadHeadAsync());
        }
        await using var play = await _studio.PlayAsync(await _studio.SealAsync(stage), origin.Authority);
        await using var again = await play.ConnectAsync();
        await again.WriteAsync(Head);
        Assert.Contains("Content-Length: 5\r\n", await again.ReadHeadAsync());
    }

    [Theory]
    [Trait("Row", "H9")]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("deflate")]
    [InlineData("raw deflate")]
    [InlineData("deflate, gzip")]
    public async Task A_coding_that_the_client_does_not_take_is_undone(string coding)
    {
        var encoded = Encode(coding, Encoding.Latin1.GetBytes(Text));
        var field = coding == "raw deflate" ? "deflate" : coding;
        await using var play = await RecordedAsync(
            _ => $"HTTP/1.1 200 OK\r\nContent-Encoding: {field}\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\nContent-Digest: x\r\nVary: Accept-Encoding\r\nContent-Length: {encoded.Length}\r\n\r\n{Encoding.Latin1.GetString(encoded)}",
            "/a", "Accept-Encoding: " + field);
        var asIs = await play.GetAsync("/a", "Accept-Encoding: " + field);
        Assert.EndsWith("\r\n\r\n" + Encoding.Latin1.GetString(encoded), asIs);
        Assert.Contains("etag: \"v1\"", asIs, StringComparison.OrdinalIgnoreCase);

        var decoded = await play.GetAsync("/a");
        Assert.Contains(Text, decoded);
        Assert.Contains("etag: W/\"v1\"", decoded, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("vary: Accept-Encoding", decoded, StringComparison.OrdinalIgnoreCase);
        foreach (var gone in new[] { "content-encoding", "accept-ranges", "content-digest", "content-length" })
            Assert.DoesNotContain(gone, decoded, StringComparison.OrdinalIgnoreCase);
        // A range of what it was encoded as is of no use to it.
        Assert.StartsWith("HTTP/1.1 200", await play.GetAsync("/a", "Range: bytes=0-1"));
        Assert.Equal(["exact", "exact+decoded", "exact+decoded"], (await play.LogAsync()).Select(l => l.Step));
    }

    [Fact]
    [Trait("Row", "H9")]
    public async Task A_body_that_is_not_what_its_coding_says_is_broken_off()
    {
        await using var play = await RecordedAsync(_ => "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", "/a", "Accept-Encoding: gzip");
        await using var client = await play.ConnectAsync();
        await client.WriteAsync("GET /a HTTP/1.1\r\nHost: origin.test\r\n\r\n");
        Assert.DoesNotContain("0\r\n\r\n", await client.ReadToEndAsync());
        Assert.Equal("exact+damaged", Assert.Single(await play.LogAsync()).Step);
        Assert.Equal(1, (await play.EndAsync()).MissCount);
    }

    [Theory]
    [Trait("Row", "H7")]
    [InlineData("If-None-Match: \"v1\"", 304)]
    [InlineData("If-None-Match: \"v2\"", 200)]
    [InlineData("If-Modified-Since: Tue, 03 Nov 2026 10:00:00 GMT", 304)]
    [InlineData("If-Modified-Since: Sun, 01 Nov 2026 10:00:00 GMT", 200)]
    public async Task A_304_is_made_for_a_client_that_has_it(string condition, int status)
    {
        await using var play = await RecordedAsync(
            _ => "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nLast-Modified: Mon, 02 Nov 2026 10:00:00 GMT\r\nCache-Control: max-age=5\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello", "/a");
        var answer = await play.GetAsync("/a", condition);
        Assert.StartsWith($"HTTP/1.1 {status}", answer);
        Assert.Contains("cache-control: max-age=5", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(status == 200, answer.Contains("content-type", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    [Trait("Row", "H4")]
    public async Task Different_answers_come_in_recorded_order_and_looks_do_not_count()
    {
        var count = 0;
        await using var play = await RecordedAsync(_ => $"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n#{++count}", "/a", times: 3);
        var bodies = new List<string>();
        async Task Ask(params string[] fields) => bodies.Add((await play.GetAsync("/a", fields)).Split("\r\n\r\n")[1]);
        await Ask();
        await Ask("Range: bytes=1-1");
        await Ask("Range: bytes=1-1");
        await Ask();
        await Ask();
        await Ask();
        Assert.Equal(["#1", "2", "2", "#2", "#3", "#3"], bodies);
        ((Player)play.Engine).Rewind();
        await Ask();
        Assert.Equal("#1", bodies[^1]);
    }

    [Fact]
    [Trait("Row", "H4")]
    public async Task An_answer_that_the_client_broke_off_comes_again()
    {
        var count = 0;
        var large = new string('x', 30_000_000);
        await using var play = await RecordedAsync(_ => $"HTTP/1.1 200 OK\r\nContent-Length: {large.Length + 1}\r\n\r\n{++count}{large}", "/a", times: 2);
        await using (var client = await play.ConnectAsync())
        {
            await client.WriteAsync("GET /a HTTP/1.1\r\nHost: origin.test\r\n\r\n");
            await client.ReadHeadAsync();
            client.Reset();
        }
        for (var waited = 0; play.Report.Active > 0 && waited < 100; waited++) await Task.Delay(50, Studio.Stop);
        await using var again = await play.ConnectAsync();
        await again.WriteAsync("GET /a HTTP/1.1\r\nHost: origin.test\r\n\r\n");
        await again.ReadHeadAsync();
        Assert.Equal("1", await again.ReadAsync(1));
    }

    [Fact]
    [Trait("Row", "H4b")]
    public async Task Credentials_sent_at_once_get_the_answer_and_not_the_demand()
    {
        await using var play = await RecordedAsync(request => request.Contains("authorization", StringComparison.OrdinalIgnoreCase)
            ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin" : "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", "/a", ["", "Authorization: Basic abc"]);
        Assert.EndsWith("in", await play.GetAsync("/a", "Authorization: Basic other"));
        Assert.StartsWith("HTTP/1.1 401", await play.GetAsync("/a"));
    }

    [Fact]
    [Trait("Row", "H15")]
    public async Task A_signed_target_is_found_without_its_signature()
    {
        await using var play = await RecordedAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "/blob?part=1&X-Amz-Date=1&X-Amz-Signature=a");
        Assert.EndsWith("ok", await play.GetAsync("/blob?part=1&X-Amz-Date=2&X-Amz-Signature=b"));
        Assert.StartsWith("HTTP/1.1 424", await play.GetAsync("/blob?part=2&X-Amz-Date=2&X-Amz-Signature=b"));
        Assert.Equal(["unsigned", "miss"], (await play.LogAsync()).Select(l => l.Step));
    }

    [Fact]
    [Trait("Row", "H21")]
    public async Task A_miss_says_what_is_missing_and_what_is_near()
    {
        await using var play = await RecordedAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "/pkg/left?v=1");
        var text = await play.GetAsync("/pkg/left?v=2");
        Assert.StartsWith("HTTP/1.1 424 Not In Recording\r\n", text);
        Assert.Contains("proxy-status: kache; error=http_request_error; details=\"not_in_recording\"\r\n", text);
        Assert.Contains("Content-Type: text/plain; charset=utf-8\r\n", text);
        Assert.Contains("/pkg/left?v=2\n", text);
        Assert.Contains("/pkg/left?v=1\n    the query differs in v\n", text);
        var json = JsonDocument.Parse((await play.GetAsync("/pkg/left?v=2", "Accept: application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*")).Split("\r\n\r\n")[1]).RootElement;
        Assert.StartsWith("Not in recording: GET http://", json.GetProperty("error").GetString());
        Assert.Equal("the query differs in v", json.GetProperty("closest")[0].GetProperty("difference").GetString());
        var head = await play.AskAsync("HEAD /none HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 424 Not In Recording\r\n", head);
        Assert.Equal(3, (await play.EndAsync()).MissCount);
        Assert.EndsWith("/pkg/left?v=1 (the query differs in v)", play.Report.Misses[0].Closest);
        Assert.All(await play.LogAsync(), line => Assert.Equal(("miss", 424), (line.Step, line.Status)));
    }

    [Fact]
    [Trait("Row", "H21")]
    public async Task Another_host_in_Host_is_another_key()
    {
        await using var play = await RecordedAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "/a");
        Assert.StartsWith("HTTP/1.1 424", await play.AskAsync("GET /a HTTP/1.1\r\nHost: other.test\r\n\r\n"));
    }

    [Theory]
    [Trait("Row", "H19")]
    [InlineData("websocket", 424)]
    [InlineData("h2c", 200)]
    public async Task An_upgrade_is_a_miss_and_an_offer_of_h2c_is_passed_over(string protocol, int status)
    {
        await using var play = await RecordedAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "/a");
        Assert.StartsWith($"HTTP/1.1 {status}", await play.GetAsync("/a", "Connection: Upgrade", $"Upgrade: {protocol}"));
    }

    [Fact]
    public async Task Bytes_that_changed_on_disk_are_not_sent()
    {
        var large = new string('x', 3_000_000);
        await using var origin = RawOrigin.Answering($"HTTP/1.1 200 OK\r\nContent-Length: {large.Length}\r\n\r\n{large}");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await stage.GetAsync("/a");
        var digest = await _studio.SealAsync(stage);
        var blob = Directory.EnumerateFiles(_studio.Folder, "*", SearchOption.AllDirectories).Single(file => new FileInfo(file).Length >= large.Length);
        File.SetUnixFileMode(blob, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using (var open = new FileStream(blob, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            open.Position = 2_500_000;
            open.WriteByte((byte)'y');
        }
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        await using var client = await play.ConnectAsync();
        await client.WriteAsync("GET /a HTTP/1.1\r\nHost: origin.test\r\n\r\n");
        var seen = (await client.ReadToEndAsync()).Split("\r\n\r\n", 2)[1];
        Assert.True(seen.Length < large.Length && !seen.Contains('y', StringComparison.Ordinal));
        Assert.StartsWith("HTTP/1.1 206", await play.GetAsync("/a", "Range: bytes=0-9"));
        Assert.Equal(1, (await play.EndAsync()).MissCount);
        Assert.Equal(["exact+damaged", "exact+range"], (await play.LogAsync()).Select(l => l.Step));
    }

    [Fact]
    [Trait("Row", "H26")]
    public async Task A_session_that_ends_takes_nothing_new()
    {
        await using var play = await RecordedAsync(_ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "/a");
        await play.Engine.DrainAsync(TimeSpan.FromSeconds(1), Studio.Stop);
        Assert.StartsWith("HTTP/1.1 503", await play.GetAsync("/a"));
        Assert.Equal(0, (await play.EndAsync()).MissCount);
    }

    [Fact]
    [Trait("Row", "H5")]
    public async Task Many_at_once_get_what_was_recorded()
    {
        await using var play = await RecordedAsync(request => $"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{request.Split(' ')[1][1..4]}", [.. Enumerable.Range(100, 50).Select(i => $"/{i}")]);
        var http = play.Http2();
        await Parallel.ForEachAsync(Enumerable.Range(0, 1000), new ParallelOptions { MaxDegreeOfParallelism = 20, CancellationToken = Studio.Stop }, async (i, stop) =>
            Assert.Equal($"{100 + (i % 50)}", await http.GetStringAsync($"/{100 + (i % 50)}", stop)));
        Assert.Equal((1000, 0), ((await play.EndAsync()).Requests, play.Report.MissCount));
    }

    private Task<Stage> RecordedAsync(Func<string, string> answer, string target, params string[] fields) => RecordedAsync(answer, fields.Length == 0 ? [(target, "")] : [.. fields.Select(f => (target, f))]);

    private Task<Stage> RecordedAsync(Func<string, string> answer, string target, int times) => RecordedAsync(answer, [.. Enumerable.Repeat((target, ""), times)]);

    private Task<Stage> RecordedAsync(Func<string, string> answer, string[] targets) => RecordedAsync(answer, [.. targets.Select(t => (t, ""))]);

    private async Task<Stage> RecordedAsync(Func<string, string> answer, (string Target, string Field)[] requests)
    {
        await using var origin = RawOrigin.Answering(answer);
        await using var stage = await _studio.RecordAsync(origin.Authority);
        foreach (var (target, field) in requests) await stage.GetAsync(target, field.Length == 0 ? [] : [field]);
        return await _studio.PlayAsync(await _studio.SealAsync(stage), origin.Authority);
    }

    private static bool IsPart(string answer, string whole, (int First, int Last) range) =>
        answer.EndsWith("\r\n\r\n" + whole[range.First..(range.Last + 1)], StringComparison.Ordinal)
        && answer.Contains(string.Create(CultureInfo.InvariantCulture, $"content-range: bytes {range.First}-{range.Last}/{whole.Length}\r\n"), StringComparison.OrdinalIgnoreCase);

    private static bool AreParts(string answer, string whole, (int First, int Last)[] ranges)
    {
        var (head, body) = (answer.Split("\r\n\r\n", 2)[0], answer.Split("\r\n\r\n", 2)[1]);
        var boundary = head.Split("boundary=")[1].Split("\r\n")[0];
        var expected = string.Concat(ranges.Select((r, i) => string.Create(CultureInfo.InvariantCulture,
            $"{(i == 0 ? "" : "\r\n")}--{boundary}\r\nContent-Type: text/x\r\nContent-Range: bytes {r.First}-{r.Last}/{whole.Length}\r\n\r\n{whole[r.First..(r.Last + 1)]}"))) + $"\r\n--{boundary}--\r\n";
        return body == expected;
    }

    private static byte[] Encode(string coding, byte[] plain)
    {
        foreach (var each in coding.Split(", "))
        {
            var output = new MemoryStream();
            using (Stream encoder = each switch
            {
                "gzip" => new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true),
                "br" => new BrotliStream(output, CompressionLevel.Fastest, leaveOpen: true),
                "zstd" => new ZstdSharp.CompressionStream(output, leaveOpen: true),
                "raw deflate" => new DeflateStream(output, CompressionLevel.Fastest, leaveOpen: true),
                _ => new ZLibStream(output, CompressionLevel.Fastest, leaveOpen: true),
            }) encoder.Write(plain);
            plain = output.ToArray();
        }
        return plain;
    }
}
