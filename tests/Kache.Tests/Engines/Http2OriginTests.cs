using System.Net;
using System.Security.Cryptography.X509Certificates;
using Kache.Exchanges;
using Kache.Tests.Upstream;
using Kache.Upstream;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kache.Tests.Engines;

/// <summary>Origins that speak HTTP/2, or either: what is spoken to them and to the client is chosen apart.</summary>
[Trait("Row", "H18")]
public sealed class Http2OriginTests : IAsyncLifetime
{
    private static readonly X509Certificate2 Root = TestCertificates.Authority("Root");

    private readonly UpstreamTrust _trust = new([Root], [], null, new FakeTimeProvider(TestCertificates.Now));
    private Studio _studio = null!;
    private WebApplication _origin = null!;
    private string _spoken = "";

    private Authority Origin => new("127.0.0.1", new Uri(_origin.Urls.First()).Port);

    public async ValueTask InitializeAsync()
    {
        _studio = await Studio.OpenAsync();
        var leaf = TestCertificates.Leaf(Root, "127.0.0.1");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(leaf);
            });
        });
        _origin = builder.Build();
        _origin.Run(AnswerAsync);
        await _origin.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _studio.DisposeAsync();
        await _origin.DisposeAsync();
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task An_HTTP_1_client_of_an_h2_origin_gets_trailers_and_usual_words()
    {
        await using var stage = await RecordAsync();
        var seen = await stage.GetAsync("/a%2fb", "X-A: 1");
        Assert.StartsWith("HTTP/1.1 202 Accepted\r\n", seen);
        Assert.EndsWith("\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 7\r\n\r\n", seen);
        Assert.Equal("HTTP/2 /a%2fb origin.test 1", _spoken);
        var response = Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage))).Response;
        Assert.Equal(("2", "", Framing.Chunked, "7"), (response.Version, response.Reason, response.Framing, response.Trailers.First("x-sum")));
    }

    [Fact]
    public async Task A_host_that_is_named_is_spoken_to_in_HTTP_1_only()
    {
        await using var stage = await RecordAsync(new() { Http1 = ["127.0.0.1"] });
        await stage.GetAsync("/a");
        Assert.Equal("HTTP/1.1 /a origin.test ", _spoken);
    }

    [Fact]
    public async Task Bodies_go_both_ways_over_h2()
    {
        await using var stage = await RecordAsync();
        var sent = new byte[3_000_000];
        new Random(1).NextBytes(sent);
        using var response = await stage.Http2().PostAsync("/echo", new ByteArrayContent(sent), Studio.Stop);
        Assert.Equal(sent, await response.Content.ReadAsByteArrayAsync(Studio.Stop));
        var exchange = Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage)));
        Assert.Equal((Digest.Of(sent), Digest.Of(sent)), (exchange.Request.Body.Digest, exchange.Response.Body.Digest));
    }

    [Fact]
    [Trait("Row", "H13")]
    public async Task An_answer_that_comes_before_the_body_has_been_sent_ends_the_upload()
    {
        await using var stage = await RecordAsync();
        await using var client = await stage.ConnectAsync();
        await client.WriteAsync("PUT /early HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 1000000\r\n\r\nbegin");
        Assert.StartsWith("HTTP/1.1 403 Forbidden\r\n", await client.ReadHeadAsync());
        Assert.Equal("no", await client.ReadAsync(2));
        var exchange = Assert.Single(await _studio.ExchangesAsync(await _studio.SealAsync(stage)));
        Assert.Equal((403, ExchangeOutcome.Complete), (exchange.Response.Status, exchange.Outcome));
        Assert.Contains("before it had taken the whole request body", Assert.Single(stage.Report.Gaps).Detail);
    }

    private Task<Stage> RecordAsync(Kache.Sessions.SessionOptions? options = null) => _studio.RecordAsync(Origin, options, _trust, "https");

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        _spoken = $"{request.Protocol} {context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget} {request.Host} {request.Headers["x-a"]}";
        if (request.Path == "/echo")
        {
            // All of it first: a client that does not read while it sends would wait for ever, with or without Kache.
            var all = new MemoryStream();
            await request.Body.CopyToAsync(all);
            await context.Response.Body.WriteAsync(all.ToArray());
            return;
        }
        if (request.Path == "/early")
        {
            context.Response.StatusCode = 403;
            context.Response.ContentLength = 2;
            await context.Response.WriteAsync("no");
            return;
        }
        context.Response.StatusCode = 202;
        await context.Response.WriteAsync("hello");
        if (context.Response.SupportsTrailers()) context.Response.AppendTrailer("x-sum", "7");
    }
}
