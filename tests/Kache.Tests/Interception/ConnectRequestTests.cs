using System.Buffers;
using System.Text;
using Kache.Exchanges;
using Kache.Interception;
using Xunit;

namespace Kache.Tests.Interception;

public sealed class ConnectRequestTests
{
    [Fact]
    public void Target_credentials_and_length_are_read()
    {
        const string head = "CONNECT Files.Origin.test:8443 HTTP/1.1\r\nHost: x\r\nproxy-authorization:  Basic YTpi \r\n\r\n";
        var request = Parse(head + "\u0016\u0003\u0001")!;
        Assert.Equal(new Authority("files.origin.test", 8443), request.Target);
        Assert.Equal("Basic YTpi", request.ProxyAuthorization);
        Assert.Equal(head.Length, request.Length);
    }

    [Theory]
    [InlineData("CONNECT a.test HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT a.test:0 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT a.test:70000 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT http://a.test:1/ HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT a.test:443\r\n\r\n")]
    [InlineData("CONNECT a b:1 HTTP/1.1\r\n\r\n")]
    public void A_target_without_host_and_port_is_none(string head) => Assert.Null(Parse(head)!.Target);

    [Fact]
    public void An_unfinished_head_is_none() => Assert.Null(Parse("CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\n"));

    [Fact]
    public void Line_feeds_alone_end_lines_too() => Assert.Equal(new Authority("a.test", 443), Parse("CONNECT a.test:443 HTTP/1.1\n\n")!.Target);

    [Theory]
    [InlineData("Basic YTpi", "a", "b")]
    [InlineData("basic YTpiOmM=", "a", "b:c")]
    [InlineData("Basic YTo=", "a", "")]
    public void Basic_credentials_are_session_and_secret(string field, string session, string secret)
    {
        Assert.True(ProxyCredentials.TryParse(field, out var credentials));
        Assert.Equal((session, secret), (credentials.Session, credentials.Secret));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer YTpi")]
    [InlineData("Basic ")]
    [InlineData("Basic %%%")]
    [InlineData("Basic OmI=")]
    public void Anything_else_is_no_credentials(string? field) => Assert.False(ProxyCredentials.TryParse(field, out _));

    private static ConnectRequest? Parse(string head) => ConnectRequest.TryParse(new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes(head)));
}
