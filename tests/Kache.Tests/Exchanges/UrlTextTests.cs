using Kache.Exchanges;
using Xunit;

namespace Kache.Tests.Exchanges;

public sealed class UrlTextTests
{
    [Theory]
    [InlineData("https://pkg.test/a/b?c=%2f#d", "https", "pkg.test:443", "/a/b?c=%2f")]
    [InlineData("HTTP://Pkg.Test:8080", "http", "pkg.test:8080", "/")]
    [InlineData("http://pkg.test?x", "http", "pkg.test:80", "/?x")]
    [InlineData("http://[::1]:81//a/../b", "http", "[::1]:81", "//a/../b")]
    public void A_url_is_split_and_its_target_kept(string url, string scheme, string authority, string target)
    {
        Assert.True(UrlText.TrySplit(url, out var s, out var a, out var t));
        Assert.Equal((scheme, authority, target), (s, a.ToString(), t));
    }

    [Theory]
    [InlineData("")]
    [InlineData("pkg.test/a")]
    [InlineData("ftp://pkg.test/a")]
    [InlineData("https:///a")]
    [InlineData("https://pkg.test:0/")]
    public void What_no_request_can_have_is_no_url(string url) => Assert.False(UrlText.TrySplit(url, out _, out _, out _));
}
