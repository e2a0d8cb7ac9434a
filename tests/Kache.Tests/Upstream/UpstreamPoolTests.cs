using System.Net;
using System.Security.Cryptography.X509Certificates;
using Kache.Exchanges;
using Kache.Tests.Raw;
using Kache.Upstream;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kache.Tests.Upstream;

public sealed class UpstreamPoolTests
{
    private static readonly X509Certificate2 Root = TestCertificates.Authority("Root");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Row", "H13")]
    public async Task Interim_answers_are_told_to_the_request_that_they_came_for()
    {
        await using var origin = RawOrigin.Answering(request => request.StartsWith("GET /hints", StringComparison.Ordinal)
            ? "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </style>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n103!"
            : "HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\nHTTP/1.1 103 not me\r\n");
        using var pool = Way().CreatePool(Rules());
        foreach (var (target, expected) in new[] { ("/hints", "102 103"), ("/plain", ""), ("/hints", "102 103"), ("/plain", "") })
        {
            var seen = new InterimAnswers();
            using var response = await pool.SendAsync(Get("http", origin, target), origin.Authority, seen, Stop);
            await response.Content.ReadAsStringAsync(Stop);
            Assert.Equal(expected, string.Join(' ', seen.Statuses));
        }
        Assert.Equal(1, origin.Connections);
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task Interim_answers_are_seen_inside_TLS_too()
    {
        using var leaf = TestCertificates.Leaf(Root, "127.0.0.1");
        await using var origin = RawOrigin.Answering(_ => "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", leaf);
        using var pool = Way().CreatePool(Rules());
        var seen = new InterimAnswers();
        using var response = await pool.SendAsync(Get("https", origin, "/"), origin.Authority, seen, Stop);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal([103], seen.Statuses);
        Assert.Equal(Digest.Of(leaf.RawData), pool.ChainOf(origin.Authority));
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task A_body_waits_for_the_100_and_the_100_is_seen()
    {
        var order = new List<string>();
        await using var origin = new RawOrigin(async connection =>
        {
            await connection.ReadHeadAsync();
            order.Add("head");
            await connection.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n");
            order.Add(await connection.ReadAsync(4));
            await connection.WriteAsync("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        });
        using var pool = Way().CreatePool(Rules());
        using var request = new HttpRequestMessage(HttpMethod.Put, $"http://{origin.Authority}/") { Content = new ByteArrayContent("body"u8.ToArray()) };
        request.Headers.TryAddWithoutValidation("Expect", "100-continue");
        var seen = new InterimAnswers();
        using var response = await pool.SendAsync(request, origin.Authority, seen, Stop);
        Assert.Equal(["head", "body"], order);
        Assert.Equal([100], seen.Statuses);
    }

    [Fact]
    [Trait("Row", "H27")]
    public async Task A_pinned_pool_has_one_connection_and_keeps_it()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx");
        using var pool = Way().CreatePool(Rules(), pinned: true);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            using var response = await pool.SendAsync(Get("http", origin, $"/{i}"), origin.Authority, new InterimAnswers(), Stop);
            await response.Content.ReadAsStringAsync(Stop);
        }));
        Assert.Equal(1, origin.Connections);
    }

    [Fact]
    [Trait("Row", "T6")]
    public async Task A_bad_certificate_is_an_error_with_the_reason_unless_the_host_is_named()
    {
        using var leaf = TestCertificates.Leaf(Root, "127.0.0.1", validFromDays: -30, validToDays: -1);
        await using var origin = RawOrigin.Answering(_ => "HTTP/1.1 204 No Content\r\n\r\n", leaf);
        using (var strict = Way().CreatePool(Rules()))
        {
            var refused = await Assert.ThrowsAnyAsync<Exception>(() => strict.SendAsync(Get("https", origin, "/"), origin.Authority, new InterimAnswers(), Stop));
            var failure = FailureReading.Read(refused);
            Assert.Equal(UpstreamFailure.TlsCertificate, failure!.Failure);
            Assert.Contains("valid from", failure.Message);
        }
        using var lax = Way().CreatePool(Rules(insecure: "127.0.0.1"));
        using var response = await lax.SendAsync(Get("https", origin, "/"), origin.Authority, new InterimAnswers(), Stop);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Fact]
    [Trait("Row", "H1")]
    [Trait("Row", "H2")]
    public async Task A_request_goes_out_as_it_was_made()
    {
        await using var origin = RawOrigin.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        using var pool = Way().CreatePool(Rules());
        using var request = Get("http", origin, "/a%2fb//../c?d=%20+#e");
        request.Headers.TryAddWithoutValidation("host", "Named.test");
        request.Headers.TryAddWithoutValidation("x-bytes", "caf\u00e9");
        using var response = await pool.SendAsync(request, origin.Authority, new InterimAnswers(), Stop);
        Assert.True(origin.Requests.TryDequeue(out var sent));
        Assert.Equal("GET /a%2fb//../c?d=%20+#e HTTP/1.1\r\nHost: Named.test\r\nx-bytes: caf\u00e9\r\n\r\n", sent);
    }

    private static UpstreamHttp Way(UpstreamOptions? options = null)
    {
        var clock = new FakeTimeProvider(TestCertificates.Now);
        return WayOut.Create(options ?? new UpstreamOptions(), new UpstreamTrust([Root], [], null, clock), TimeProvider.System).Http;
    }

    private static OriginRules Rules(string insecure = "") => new(_ => false, host => host == insecure);

    private static HttpRequestMessage Get(string scheme, RawOrigin origin, string target) =>
        new(HttpMethod.Get, new Uri($"{scheme}://{origin.Authority}{target}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
}
