using System.Net;
using Kache.Exchanges;
using Kache.Interception;
using Xunit;

namespace Kache.Tests.Interception;

public sealed class RoutingTests
{
    private static readonly Authority Tunnel = new("tunnel.test", 8443);

    [Theory, Trait("Row", "N12")]
    // TLS: the name in SNI and the port connected to; Host goes as given and decides nothing.
    [InlineData(true, "sni.test", false, 443, false, "other.test", "/a", "https", "sni.test:443", "/a")]
    [InlineData(true, "sni.test", false, 8443, false, "sni.test:443", "/a", "https", "sni.test:8443", "/a")]
    [InlineData(true, "sni.test", true, 3128, true, "x.test", "/a", "https", "sni.test:8443", "/a")]
    [InlineData(true, null, true, 3128, true, "x.test", "/a", "https", "tunnel.test:8443", "/a")]
    [InlineData(true, null, false, 443, false, "host.test", "/a", "https", "host.test:443", "/a")]
    [InlineData(true, null, false, 443, false, "host.test:9", "/a", "https", "host.test:443", "/a")]
    [InlineData(true, "sni.test", false, 443, false, "sni.test", "https://sni.test/%2f?q", "https", "sni.test:443", "/%2f?q")]
    // Plain HTTP: the CONNECT target, else Host's name and the port connected to.
    [InlineData(false, null, false, 80, false, "host.test", "/a", "http", "host.test:80", "/a")]
    [InlineData(false, null, false, 80, false, "Host.test.:8080", "/a", "http", "host.test:80", "/a")]
    [InlineData(false, null, true, 3128, true, "x.test", "/a", "http", "tunnel.test:8443", "/a")]
    [InlineData(false, null, false, 80, false, "[2001:db8::1]", "/a", "http", "[2001:db8::1]:80", "/a")]
    // The explicit proxy's absolute form.
    [InlineData(false, null, false, 3128, true, "x.test", "http://abs.test:81//x/../y", "http", "abs.test:81", "//x/../y")]
    [InlineData(false, null, false, 3128, true, "x.test", "http://abs.test", "http", "abs.test:80", "/")]
    [InlineData(false, null, false, 3128, true, "x.test", "http://abs.test?q=1", "http", "abs.test:80", "/?q=1")]
    [InlineData(false, null, false, 3128, true, "x.test", "https://abs.test/a", "https", "abs.test:443", "/a")]
    [InlineData(false, null, false, 3128, true, "x.test", "http://user:pw@abs.test/a", "http", "abs.test:80", "/a")]
    [InlineData(false, null, false, 80, false, "x.test", "*", "http", "x.test:80", "*")]
    public void A_request_goes_where_its_connection_leads(
        bool secure, string? sni, bool tunnelled, int port, bool isExplicit, string? host, string rawTarget, string scheme, string authority, string target)
    {
        var (route, refusal) = Routing.Of(new Wanted(secure, sni, tunnelled ? Tunnel : null, null, port, isExplicit, host, rawTarget));
        Assert.Null(refusal);
        Assert.Equal((scheme, authority, target), (route.Scheme, route.Authority.ToString(), route.Target));
    }

    [Theory, Trait("Row", "N12")]
    // Where the address says where it was going, Host decides nothing; SNI and a tunnel do.
    [InlineData(false, null, false, "other.test", "/a", "http", "went.test:8080", "/a")]
    [InlineData(false, null, false, null, "/a", "http", "went.test:8080", "/a")]
    [InlineData(false, null, false, "other.test", "http://abs.test/a", "http", "went.test:8080", "/a")]
    [InlineData(true, null, false, "other.test", "/a", "https", "went.test:8080", "/a")]
    [InlineData(true, "sni.test", false, "other.test", "/a", "https", "sni.test:8080", "/a")]
    [InlineData(true, null, true, "other.test", "/a", "https", "tunnel.test:8443", "/a")]
    public void An_original_destination_comes_after_sni_and_tunnel_and_before_host(
        bool secure, string? sni, bool tunnelled, string? host, string rawTarget, string scheme, string authority, string target)
    {
        var went = new Authority("went.test", 8080);
        var (route, refusal) = Routing.Of(new Wanted(secure, sni, tunnelled ? Tunnel : null, went, 8080, false, host, rawTarget));
        Assert.Null(refusal);
        Assert.Equal((scheme, authority, target), (route.Scheme, route.Authority.ToString(), route.Target));
    }

    [Theory]
    [InlineData("localhost", "192.0.2.1", true)]
    [InlineData("db.localhost", "192.0.2.1", true)]
    [InlineData("127.8.9.1", "192.0.2.1", true)]
    [InlineData("[::1]", "192.0.2.1", true)]
    [InlineData("[::ffff:127.0.0.1]", "192.0.2.1", true)]
    [InlineData("localhost", "127.0.0.1", false)]
    [InlineData("localhost.test", "192.0.2.1", false)]
    [InlineData("10.0.0.1", "192.0.2.1", false)]
    public void Loopback_of_the_server_is_not_for_other_machines(string host, string client, bool refused) =>
        Assert.Equal(refused, Routing.IsServersOwn(new Authority(host, 80), IPAddress.Parse(client)));

    [Theory]
    [InlineData(false, 80, "", "/a")]
    [InlineData(false, 80, null, "/a")]
    [InlineData(false, 80, "a b", "/a")]
    [InlineData(true, 3128, "x.test", "/a")]
    [InlineData(true, 3128, "x.test", "ftp://a.test/")]
    [InlineData(true, 3128, "x.test", "nonsense")]
    [InlineData(true, 3128, "x.test", "http://")]
    public void A_request_that_leads_nowhere_is_refused(bool isExplicit, int port, string? host, string rawTarget) =>
        Assert.Equal(400, Routing.Of(new Wanted(false, null, null, null, port, isExplicit, host, rawTarget)).Refusal!.Status);
}
