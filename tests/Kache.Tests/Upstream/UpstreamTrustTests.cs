using System.Security.Cryptography.X509Certificates;
using Kache.Upstream;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Kache.Tests.Upstream.TestCertificates;

namespace Kache.Tests.Upstream;

[Trait("Row", "T6")]
public sealed class UpstreamTrustTests
{
    private static readonly X509Certificate2 Root = Authority("Root");
    private static readonly X509Certificate2 Issuer = Authority("Issuer", Root);
    private static readonly X509Certificate2 Extra = Authority("Extra");
    private static readonly X509Certificate2 Own = Authority("Kache");

    private readonly UpstreamTrust _trust = new([Root, Own], [Extra], Own, new FakeTimeProvider(Now));

    [Theory]
    [InlineData("origin.test", "origin.test")]
    [InlineData("a.origin.test", "*.origin.test")]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8::7", "2001:db8::7")]
    public void A_leaf_for_the_host_under_a_root_is_good(string host, string name)
    {
        Assert.Null(_trust.Fault(host, Leaf(Issuer, name), [Issuer]));
        Assert.Null(_trust.Fault(host, Leaf(Extra, name), []));
    }

    [Theory]
    [InlineData("other.test", "origin.test", "is for origin.test")]
    [InlineData("b.a.origin.test", "*.origin.test", "is for *.origin.test")]
    [InlineData("192.0.2.8", "192.0.2.7", "is for 192.0.2.7")]
    [InlineData("origin.test", null, "no alternative names")]
    public void A_leaf_for_another_host_is_not(string host, string? name, string reason) =>
        Assert.Contains(reason, _trust.Fault(host, Leaf(Issuer, name, commonName: host), [Issuer]));

    [Fact]
    public void Time_issuer_purpose_and_path_are_verified_and_the_reason_said()
    {
        Assert.Contains("valid from 2026-10-06 12:00 UTC to 2026-11-04 12:00 UTC only", Fault(Leaf(Issuer, "origin.test", validFromDays: -30, validToDays: -1)));
        Assert.Contains("valid from 2026-11-06", Fault(Leaf(Issuer, "origin.test", validFromDays: 1)));
        Assert.Contains("ends at 'CN=leaf', which is not a trusted root", Fault(Leaf(null, "origin.test")));
        Assert.Contains("'CN=Issuer', which is not a trusted root, and the origin sent no path", _trust.Fault("origin.test", Leaf(Issuer, "origin.test"), []));
        Assert.NotNull(Fault(Leaf(Issuer, "origin.test", purpose: ClientAuthentication)));
        Assert.Contains("no certificate", _trust.Fault("origin.test", null, []));
    }

    [Fact]
    public void The_CA_of_Kache_is_never_trusted_though_the_system_holds_it() =>
        Assert.Contains("not a trusted root", Fault(Leaf(Own, "origin.test")));

    private string? Fault(X509Certificate2 leaf) => _trust.Fault("origin.test", leaf, [Issuer, Own]);
}
