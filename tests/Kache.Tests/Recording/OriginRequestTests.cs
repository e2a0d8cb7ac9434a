using Kache.Exchanges;
using Kache.Recording;
using Kache.Sessions;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Kache.Tests.Recording;

public sealed class OriginRequestTests
{
    [Theory]
    [Trait("Row", "H1")]
    [InlineData("/")]
    [InlineData("/a%2fb%2Fc")]
    [InlineData("//a//b")]
    [InlineData("/a/../b/./c")]
    [InlineData("/%7Ea/~b")]
    [InlineData("/a+b?c+d=%20")]
    [InlineData("/a?b?c")]
    [InlineData("/?")]
    [InlineData("/a#b")]
    [InlineData("/%00%ff")]
    [InlineData("/\\a|b<>\"^`{}")]
    [InlineData("/@scope%2fname")]
    public void The_target_is_sent_byte_for_byte(string target)
    {
        Assert.True(OriginRequest.TryUri(Route(target), out var uri));
        Assert.Equal(target, uri.PathAndQuery);
        Assert.Equal("origin.test", uri.Host);
    }

    [Theory]
    [InlineData("*")]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("http://other.test/")]
    public void What_has_no_origin_form_cannot_be_sent(string target) => Assert.False(OriginRequest.TryUri(Route(target), out _));

    [Theory]
    [InlineData("https", "origin.test", 443, "https://origin.test/a")]
    [InlineData("https", "origin.test", 80, "https://origin.test:80/a")]
    [InlineData("http", "[::1]", 8080, "http://[::1]:8080/a")]
    public void A_route_is_written_for_people_without_the_usual_port(string scheme, string host, int port, string expected) =>
        Assert.Equal(expected, RouteText.Url(new RequestRoute(scheme, new Authority(host, port), "/a")));

    [Fact]
    [Trait("Row", "H2")]
    public void Fields_go_on_apart_and_the_length_goes_with_the_body()
    {
        var client = new DefaultHttpContext().Request;
        client.Method = "PATCH";
        var fields = new Fields([new("host", "Named.test:1"), new("x-a", "1"), new("x-a", "2"), new("content-length", "7"), new("content-type", "a/b; odd"), new("x-bytes", "\u00e9\u00ff")]);
        using var request = OriginRequest.Create(client, Route("/"), fields, new ByteArrayContent([]));
        Assert.Equal("Named.test:1", request.Headers.Host);
        Assert.Equal(["1", "2"], request.Headers.NonValidated["x-a"]);
        Assert.Equal("\u00e9\u00ff", request.Headers.NonValidated["x-bytes"].ToString());
        Assert.Equal("a/b; odd", request.Content!.Headers.NonValidated["content-type"].ToString());
        Assert.False(request.Content.Headers.NonValidated.Contains("content-length") && request.Content.Headers.ContentLength == 7);
    }

    private static RequestRoute Route(string target) => new("http", new Authority("origin.test", 80), target);
}
