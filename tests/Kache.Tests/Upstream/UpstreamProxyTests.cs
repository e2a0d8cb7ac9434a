using System.Text;
using Kache.Exchanges;
using Kache.Upstream;
using Xunit;

namespace Kache.Tests.Upstream;

public sealed class UpstreamProxyTests
{
    private static readonly Authority Origin = new("origin.test", 443);

    [Fact]
    public async Task A_tunnel_is_asked_for_with_credentials_and_what_follows_the_head_is_left_for_it()
    {
        var (said, rest) = await OpenAsync("http://user:p%40ss@proxy.test:3128", "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\ntunnelled");
        Assert.Equal("CONNECT origin.test:443 HTTP/1.1\r\nHost: origin.test:443\r\nProxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n", said);
        Assert.Equal("tunnelled", rest);
    }

    [Theory]
    [InlineData("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "it said 'HTTP/1.1 407 Proxy Authentication Required'")]
    [InlineData("HTTP/1.1 2000 x\r\n\r\n", "it said")]
    [InlineData("SSH-2.0-x\r\n\r\n", "it said 'SSH-2.0-x'")]
    [InlineData("HTTP/1.1 200 OK\r\n", "it closed the connection")]
    public async Task A_proxy_that_refuses_is_quoted(string answer, string reason)
    {
        var refused = await Assert.ThrowsAsync<UpstreamException>(() => OpenAsync("http://proxy.test:3128", answer));
        Assert.Contains(reason, refused.Message);
        Assert.Equal(UpstreamFailure.DestinationUnavailable, refused.Failure);
    }

    [Fact]
    public async Task An_answer_without_an_end_is_not_read_for_ever() =>
        Assert.Contains("does not end", (await Assert.ThrowsAsync<UpstreamException>(() => OpenAsync("http://proxy.test:3128", new string('x', 20_000)))).Message);

    [Fact]
    public void Plain_http_goes_to_the_proxy_and_https_through_a_tunnel()
    {
        var proxy = new UpstreamProxy(new Uri("http://user:x@proxy.test:3128")).ForPlainHttp();
        Assert.Equal(new Uri("http://proxy.test:3128"), proxy.GetProxy(new Uri("http://origin.test/")));
        Assert.True(proxy.IsBypassed(new Uri("https://origin.test/")));
    }

    [Fact]
    public void Only_http_proxies_are_known() => Assert.Throws<ArgumentException>(() => new UpstreamProxy(new Uri("https://proxy.test:3128")));

    private static async Task<(string Said, string Left)> OpenAsync(string proxy, string answer)
    {
        var said = new MemoryStream();
        var stream = new Duplex(new MemoryStream(Encoding.Latin1.GetBytes(answer)), said);
        await new UpstreamProxy(new Uri(proxy)).OpenTunnelAsync(stream, Origin, TestContext.Current.CancellationToken);
        using var rest = new StreamReader(stream, Encoding.Latin1);
        return (Encoding.Latin1.GetString(said.ToArray()), await rest.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Reads from one stream and writes to another.</summary>
    private sealed class Duplex(Stream input, Stream output) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() => output.Flush();
        public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer, offset, count);
    }
}
