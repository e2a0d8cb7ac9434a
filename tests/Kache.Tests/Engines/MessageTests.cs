using System.Text;
using Kache.Exchanges;
using Kache.Tests.Raw;
using Xunit;

namespace Kache.Tests.Engines;

/// <summary>What passes through a recording, what of it is kept, and what comes back: messages as bytes.</summary>
public sealed class MessageTests : IAsyncLifetime
{
    private Studio _studio = null!;

    public async ValueTask InitializeAsync() => _studio = await Studio.OpenAsync();

    public ValueTask DisposeAsync() => _studio.DisposeAsync();

    [Fact]
    [Trait("Row", "H2")]
    [Trait("Row", "H17")]
    public async Task A_response_passes_with_every_field_and_comes_back_the_same()
    {
        const string Sent = "HTTP/1.1 299 Quite Fine\r\nDate: Mon, 02 Nov 2026 10:00:00 GMT\r\nAge: 7\r\nSet-Cookie: a=1; Path=/\r\nX-Latin: caf\u00e9 \u00ff\r\n"
            + "X-Empty: \r\nSet-Cookie: b=2\r\nServer: x/1 (y)\r\nLink: </a>, </b>\r\nLink: </c>\r\nContent-Length: 5\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nAlt-Svc: h3=\":443\"\r\n\r\nhello";
        await using var origin = RawOrigin.Answering(Sent);
        var recorded = await RecordAsync(origin, "/a");
        var (digest, seen) = (recorded.Digest, recorded.Seen);
        Assert.Equal(
            ["age: 7", "content-length: 5", "date: Mon, 02 Nov 2026 10:00:00 GMT", "link: </a>, </b>", "link: </c>", "server: x/1 (y)", "set-cookie: a=1; Path=/", "set-cookie: b=2", "x-empty: ", "x-latin: caf\u00e9 \u00ff"],
            FieldLines(seen));
        Assert.StartsWith("HTTP/1.1 299 Quite Fine\r\n", seen);
        Assert.EndsWith("\r\n\r\nhello", seen);

        var exchange = Assert.Single(await _studio.ExchangesAsync(digest));
        Assert.Equal((299, "Quite Fine", "1.1", Framing.Length), (exchange.Response.Status, exchange.Response.Reason, exchange.Response.Version, exchange.Response.Framing));
        Assert.Equal("h3=\":443\"", exchange.Response.Fields.First("alt-svc"));
        Assert.False(exchange.Response.Fields.Contains("x-hop") || exchange.Response.Fields.Contains("connection"));
        Assert.Equal("", exchange.Response.Fields.First("x-empty"));
        Assert.Equal("a=1; Path=/, b=2", exchange.Response.Fields.Combined("set-cookie"));

        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        var again = await play.GetAsync("/a");
        Assert.Equal(FieldLines(seen), FieldLines(again));
        Assert.StartsWith("HTTP/1.1 299 Quite Fine\r\n", again);
        Assert.EndsWith("\r\n\r\nhello", again);
    }

    [Fact]
    [Trait("Row", "H2")]
    [Trait("Row", "H16")]
    public async Task A_request_passes_without_what_is_for_one_connection_and_is_kept_without_credentials()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await stage.AskAsync("GET /a HTTP/1.1\r\nHost: Named.test:81\r\nX-A: 1\r\nX-A: 2\r\nX-Latin: \u00e9\r\nConnection: X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\n"
            + "Proxy-Authorization: Basic c2VjcmV0\r\nAuthorization: Bearer s3cr3t\r\nCookie: a=1\r\nUpgrade: h2c\r\n\r\n");
        Assert.True(origin.Requests.TryDequeue(out var sent));
        Assert.Equal(["authorization: Bearer s3cr3t", "cookie: a=1", "host: Named.test:81", "x-a: 1, 2", "x-latin: \u00e9"], FieldLines(sent));

        var request = Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage))).Request;
        Assert.Equal(
            ["authorization: Bearer #1", "cookie: #1", "host: Named.test:81", "x-a: 1", "x-a: 2", "x-latin: \u00e9"],
            ((IEnumerable<Field>)request.Fields).Select(f => $"{f.Name}: {f.Value}").Order(StringComparer.Ordinal));
        await stage.DisposeAsync();
        foreach (var file in Directory.EnumerateFiles(_studio.Folder, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "lock"))
        {
            await using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(open, Encoding.Latin1);
            Assert.DoesNotContain("s3cr3t", await reader.ReadToEndAsync(Studio.Stop), StringComparison.Ordinal);
        }
    }

    [Theory]
    [Trait("Row", "H1")]
    [InlineData("/")]
    [InlineData("/a%2fb%2Fc")]
    [InlineData("//a//b")]
    [InlineData("/a/../b/./c")]
    [InlineData("/%7Ea/~b+c")]
    [InlineData("/a?b?c=%20+&&=")]
    [InlineData("/?")]
    [InlineData("/\\a|b\"^`{}<>")]
    public async Task The_target_passes_byte_for_byte_and_is_the_key(string target)
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var (digest, _) = await RecordAsync(origin, target);
        Assert.True(origin.Requests.TryDequeue(out var sent));
        Assert.StartsWith($"GET {target} HTTP/1.1\r\n", sent);
        Assert.Equal(target, Assert.Single(await _studio.ExchangesAsync(digest)).Request.Target);
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        Assert.EndsWith("\r\n\r\nok", await play.GetAsync(target));
        Assert.StartsWith("HTTP/1.1 424 Not In Recording\r\n", await play.GetAsync(target + "x"));
    }

    [Theory]
    [Trait("Row", "H24")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone")]
    [InlineData("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n")]
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://elsewhere.test/x\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 407 Proxy\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"a\", Digest realm=\"b\"\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 999 Odd\r\nContent-Length: 1\r\n\r\nx")]
    public async Task Every_status_is_an_answer_and_comes_back(string answer)
    {
        await using var origin = RawOrigin.Answering(answer);
        var (digest, seen) = await RecordAsync(origin, "/a");
        var status = answer.Split(' ')[1].Trim()[..3];
        Assert.StartsWith($"HTTP/1.1 {status}", seen);
        Assert.Single(await _studio.ExchangesAsync(digest));
        Assert.Single(origin.Requests);
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        var again = await play.GetAsync("/a");
        Assert.Equal(FieldLines(seen).Where(line => !line.StartsWith("date:", StringComparison.Ordinal)), FieldLines(again));
        Assert.Equal(Split(seen), Split(again));
        Assert.Equal(0, (await play.EndAsync()).MissCount);
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task A_body_that_ends_with_its_connection_is_whole()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
        var (digest, seen) = await RecordAsync(origin, "/a");
        Assert.EndsWith("d\r\nuntil the end\r\n0\r\n\r\n", seen);
        var exchange = Assert.Single(await _studio.ExchangesAsync(digest));
        Assert.Equal((Framing.Close, ExchangeOutcome.Complete, 13L), (exchange.Response.Framing, exchange.Outcome, exchange.Response.Body.Length));
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        Assert.EndsWith("d\r\nuntil the end\r\n0\r\n\r\n", await play.GetAsync("/a"));
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task Trailers_reach_the_client_and_come_back()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using (var client = await stage.ConnectAsync())
        {
            // Twice on one connection: it is good for another request afterwards.
            for (var i = 0; i < 2; i++)
            {
                await client.WriteAsync("GET /a HTTP/1.1\r\nHost: origin.test\r\n\r\n");
                Assert.EndsWith("\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 1\r\nx-sum: 2\r\n\r\n", await client.ReadMessageAsync());
            }
        }
        var digest = await _studio.SealAsync(stage);
        Assert.All(await _studio.ExchangesAsync(digest), exchange => Assert.Equal("1, 2", exchange.Response.Trailers.Combined("x-sum")));
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        Assert.EndsWith("\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 1\r\nx-sum: 2\r\n\r\n", await play.GetAsync("/a"));
        using var response = await play.Http2().GetAsync("/a", Studio.Stop);
        Assert.Equal("abc", await response.Content.ReadAsStringAsync(Studio.Stop));
        Assert.Equal(["1", "2"], response.TrailingHeaders.GetValues("x-sum"));
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task Interim_answers_are_listed_as_gaps()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        Assert.StartsWith("HTTP/1.1 200 OK", await stage.GetAsync("/a"));
        var gap = Assert.Single(stage.Report.Gaps);
        Assert.Equal((GapKind.NotForwarded, $"http://{origin.Authority}/a", "The origin's interim answer 103 was not passed on."), (gap.Kind, gap.Where, gap.Detail));
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task A_client_that_waits_for_100_gets_it_when_the_origin_says_it()
    {
        await using var origin = new RawOrigin(async connection =>
        {
            Assert.Contains("expect: 100-continue", (await connection.ReadHeadAsync()).ToLowerInvariant());
            await connection.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n");
            Assert.Equal("body", await connection.ReadAsync(4));
            await connection.WriteAsync("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        const string Head = "PUT /a HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
        await using (var client = await stage.ConnectAsync())
        {
            await client.WriteAsync(Head);
            Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await client.ReadHeadAsync());
            await client.WriteAsync("body");
            Assert.StartsWith("HTTP/1.1 201 Created\r\n", await client.ReadHeadAsync());
        }
        Assert.Empty(stage.Report.Gaps);
        var digest = await _studio.SealAsync(stage);
        Assert.Equal(Digest.Of("body"u8), Assert.Single(await _studio.ExchangesAsync(digest)).Request.Body.Digest);
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        await using var again = await play.ConnectAsync();
        await again.WriteAsync(Head);
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await again.ReadHeadAsync());
        await again.WriteAsync("body");
        Assert.StartsWith("HTTP/1.1 201 Created\r\n", await again.ReadHeadAsync());
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task An_origin_that_refuses_before_the_body_is_heard_before_the_body()
    {
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.WriteAsync("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using var client = await stage.ConnectAsync();
        await client.WriteAsync("PUT /a HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 4000000\r\nExpect: 100-continue\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 413 Too Large\r\n", await client.ReadHeadAsync());
        Assert.Equal(413, Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage))).Response.Status);
    }

    [Theory]
    [Trait("Row", "H3")]
    [Trait("Row", "H13")]
    [InlineData("Content-Length: 5\r\n\r\nhello")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")]
    public async Task A_request_body_passes_is_kept_and_is_in_the_key(string framed)
    {
        await using var origin = RawOrigin.Answering(request => request.EndsWith("hello", StringComparison.Ordinal) || request.EndsWith("0\r\n\r\n", StringComparison.Ordinal)
            ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi" : "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        const string Line = "POST /q HTTP/1.1\r\nHost: origin.test\r\nContent-Type: text/plain\r\n";
        Assert.EndsWith("hi", await stage.AskAsync(Line + framed));
        var digest = await _studio.SealAsync(stage);
        var body = Assert.Single(await _studio.ExchangesAsync(digest)).Request.Body;
        Assert.Equal(new Body(Digest.Of("hello"u8), 5), body);
        Assert.Equal("hello", await _studio.BodyAsync(digest, body));
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        Assert.EndsWith("hi", await play.AskAsync(Line + "Content-Length: 5\r\n\r\nhello"));
        Assert.EndsWith("hi", await play.AskAsync(Line + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 424", await play.AskAsync(Line + "Content-Length: 5\r\n\r\nHello"));
        Assert.StartsWith("HTTP/1.1 424", await play.AskAsync(Line + "Content-Length: 0\r\n\r\n"));
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task Trailers_of_a_request_are_listed_as_a_gap()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await stage.AskAsync("POST /q HTTP/1.1\r\nHost: origin.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n");
        Assert.Equal(GapKind.NotForwarded, Assert.Single(stage.Report.Gaps).Kind);
    }

    [Fact]
    [Trait("Row", "H20")]
    public async Task No_usual_limit_is_met()
    {
        const int Upload = 40 * 1024 * 1024;
        var target = "/" + new string('a', 100_000);
        var many = string.Concat(Enumerable.Range(0, 500).Select(i => $"X-{i}: {new string('v', 300)}\r\n"));
        var uploaded = 0L;
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadHeadAsync();
            for (var left = Upload; left > 0;)
            {
                var read = (await connection.ReadAsync(Math.Min(left, 1 << 20))).Length;
                uploaded += read;
                left -= read;
            }
            await connection.WriteAsync($"HTTP/1.1 200 OK\r\n{many}X-Large: {new string('w', 200_000)}\r\nContent-Length: 0\r\n\r\n");
        });
        await using var stage = await _studio.RecordAsync(origin.Authority);
        await using var client = await stage.ConnectAsync();
        await client.WriteAsync($"PUT {target} HTTP/1.1\r\nHost: origin.test\r\n{many}Content-Length: {Upload}\r\n\r\n");
        var chunk = new string('x', 1 << 20);
        for (var i = 0; i < Upload >> 20; i++) await client.WriteAsync(chunk);
        var head = await client.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 200 OK", head);
        Assert.Contains(new string('w', 200_000), head);
        Assert.Equal(Upload, uploaded);
        var body = Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage))).Request.Body;
        Assert.Equal((Upload, false), (body.Length, body.Kept));
    }

    [Fact]
    [Trait("Row", "H18")]
    public async Task An_h2_client_gets_the_same()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n");
        await using var stage = await _studio.RecordAsync(origin.Authority);
        var http = stage.Http2();
        using (var response = await http.GetAsync("/a%2fb", Studio.Stop))
        {
            Assert.Equal("abc", await response.Content.ReadAsStringAsync(Studio.Stop));
            Assert.Equal(["1", "2"], response.Headers.GetValues("x-a"));
            Assert.Equal("7", response.TrailingHeaders.GetValues("x-sum").Single());
        }
        var digest = await _studio.SealAsync(stage);
        Assert.Equal(("2", "/a%2fb"), (Assert.Single(await _studio.ExchangesAsync(digest)).Request.Version, (await _studio.ExchangesAsync(digest))[0].Request.Target));
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        using var again = await play.Http2().GetAsync("/a%2fb", Studio.Stop);
        Assert.Equal("abc", await again.Content.ReadAsStringAsync(Studio.Stop));
        Assert.Equal(["1", "2"], again.Headers.GetValues("x-a"));
    }

    [Fact]
    [Trait("Row", "N8")]
    public async Task An_answer_without_Date_gets_none_in_playback()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        var (digest, _) = await RecordAsync(origin, "/a");
        await using var play = await _studio.PlayAsync(digest, origin.Authority);
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", await play.GetAsync("/a"));
        using var over2 = await play.Http2().GetAsync("/a", Studio.Stop);
        Assert.NotNull(over2.Headers.Date);
    }

    private async Task<(Digest Digest, string Seen)> RecordAsync(RawOrigin origin, string target)
    {
        await using var stage = await _studio.RecordAsync(origin.Authority);
        var seen = await stage.GetAsync(target);
        return (await _studio.SealAsync(stage), seen);
    }

    private static IEnumerable<string> FieldLines(string message) => [.. message.Split("\r\n\r\n")[0].Split("\r\n").Skip(1).Select(Lower).Order(StringComparer.Ordinal)];

    private static string Lower(string line) => line.Split(':', 2) is [var name, var value] ? $"{name.ToLowerInvariant()}:{value}" : line;

    private static (string Line, string Body) Split(string message) => (message.Split("\r\n")[0], message.Split("\r\n\r\n", 2)[1]);
}
