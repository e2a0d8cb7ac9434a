using System.Net;
using CsCheck;
using Kache.Host;
using Xunit;

namespace Kache.Tests.Host;

public sealed class ResolvConfTests
{
    private const string Usual = "# by hand\nsearch corp.test lab.test\nnameserver 192.0.2.53\nnameserver 2001:db8::53\noptions ndots:2 edns0\n";

    private static readonly Gen<string> Texts = HostTexts.OneOf(
        "nameserver 192.0.2.53", "nameserver\t2001:db8::1", "nameserver fe80::1%2", "nameserver", "nameserver oops", "search a.test", "options ndots:5", "# nameserver 1.1.1.1", "; x", "", "domain b.test ")
        .Array[0, 8].Select(lines => string.Join('\n', lines)).SelectMany(text => Gen.Bool.Select(end => end ? text + "\n" : text));

    [Fact]
    [Trait("Row", "N9")]
    public void Nameservers_are_replaced_and_everything_else_stays() =>
        Assert.Equal(
            "# by hand\nsearch corp.test lab.test\n# kache: for a test.\nnameserver 127.0.0.1\noptions ndots:2 edns0\n",
            ResolvConf.Apply(Usual, HostTexts.Facts));

    [Fact]
    [Trait("Row", "N5")]
    public void The_nameservers_of_before_are_read_in_their_order() =>
        Assert.Equal([IPAddress.Parse("192.0.2.53"), IPAddress.Parse("2001:db8::53")], ResolvConf.Nameservers(Usual));

    [Theory]
    [InlineData("")]
    [InlineData("search a.test\n")]
    [InlineData("nameserver nonsense\n")]
    public void Without_a_nameserver_the_machine_asks_itself(string text) =>
        Assert.Equal([IPAddress.Loopback], ResolvConf.Nameservers(text));

    [Fact]
    public void Taking_ours_out_gives_back_every_byte() =>
        Texts.Sample(text => ResolvConf.Remove(ResolvConf.Apply(text, HostTexts.Facts), text, HostTexts.Facts) == text);

    [Fact]
    public void Only_our_nameservers_are_left_after_applying() =>
        Texts.Sample(text => ResolvConf.Nameservers(ResolvConf.Apply(text, HostTexts.Facts)).Single().Equals(IPAddress.Loopback));

    [Fact]
    public void What_others_appended_is_kept() =>
        Assert.Equal(Usual + "options rotate\n", ResolvConf.Remove(ResolvConf.Apply(Usual, HostTexts.Facts) + "options rotate\n", Usual, HostTexts.Facts));

    [Fact]
    public void A_file_that_others_wrote_anew_is_theirs() =>
        Assert.Equal("nameserver 198.51.100.1\n", ResolvConf.Remove("nameserver 198.51.100.1\n", Usual, HostTexts.Facts));

    [Fact]
    public void Others_that_kept_our_line_get_the_old_nameservers_back() =>
        Assert.Equal(
            "search other.test\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n",
            ResolvConf.Remove("search other.test\nnameserver 127.0.0.1\n", Usual, HostTexts.Facts));
}
