using CsCheck;
using Kache.Host;
using Xunit;

namespace Kache.Tests.Host;

public sealed class NameSwitchTests
{
    [Theory]
    [InlineData("hosts: files dns\n", false)]
    [InlineData("passwd: files\nhosts:\tfiles myhostname dns # usual\n", false)]
    [InlineData("hosts: files resolve [!UNAVAIL=return] dns\n", true)]
    [InlineData("hosts: files mdns4_minimal [NOTFOUND=return] dns\n", true)]
    [InlineData("hosts: files\n", true)]
    [InlineData("passwd: files systemd\n", false)]
    [Trait("Row", "N9")]
    public void Modules_that_find_names_without_resolv_conf_are_seen(string text, bool goesAround) =>
        Assert.Equal(goesAround, NameSwitch.GoesAround(text));

    [Fact]
    [Trait("Row", "N5")]
    public void Systemd_resolved_is_not_asked_and_the_machines_own_name_still_is() =>
        Assert.Equal(
            "passwd: files\nhosts:          mymachines files myhostname dns\nnetworks: files\n",
            NameSwitch.Apply("passwd: files\nhosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\nnetworks: files\n"));

    [Fact]
    public void Rules_that_belonged_to_a_dropped_module_go_with_it() =>
        Assert.Equal("hosts:          files dns\n", NameSwitch.Apply("hosts: files mdns4_minimal[NOTFOUND=return] dns [SUCCESS=return] wins\n"));

    [Fact]
    public void Taking_ours_out_gives_back_every_byte() =>
        HostTexts.OneOf("hosts: files resolve dns", "hosts: files dns", "  hosts: nis", "passwd: files", "", "# hosts: x").Array[0, 6]
            .Select(lines => string.Join('\n', lines))
            .Sample(text => NameSwitch.Remove(NameSwitch.Apply(text), text) == text);

    [Fact]
    public void A_line_that_others_added_meanwhile_stays() =>
        Assert.Equal("hosts: files resolve\nshadow: files\n", NameSwitch.Remove(NameSwitch.Apply("hosts: files resolve\n") + "shadow: files\n", "hosts: files resolve\n"));
}
