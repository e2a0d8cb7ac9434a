using Kache.Sandbox;
using Xunit;

namespace Kache.Tests.Sandbox;

public sealed class NamespaceAdviceTests
{
    [Theory]
    [InlineData("/proc/sys/user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces")]
    [InlineData("/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1")]
    [InlineData("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "/etc/apparmor.d/kache")]
    [InlineData("/.dockerenv", "", "--security-opt seccomp=unconfined")]
    public void The_switch_that_is_off_is_named(string file, string content, string advice) =>
        Assert.Contains(advice, Assert.Single(Switches((file, content))), StringComparison.Ordinal);

    [Fact]
    public void A_machine_where_nothing_is_in_the_way_gets_no_advice() =>
        Assert.Empty(Switches(("/proc/sys/user/max_user_namespaces", "15000"), ("/proc/sys/kernel/unprivileged_userns_clone", "1"), ("/proc/self/cgroup", "0::/user.slice")));

    [Fact]
    public void Without_unshare_its_package_is_named() =>
        Assert.Contains("util-linux", Assert.Single(new NamespaceAdvice(_ => null).Switches("/usr/bin/kache", hasUnshare: false)), StringComparison.Ordinal);

    private static IReadOnlyList<string> Switches(params (string File, string Content)[] files) =>
        new NamespaceAdvice(path => files.FirstOrDefault(f => f.File == path).Content).Switches("/usr/bin/kache", hasUnshare: true);
}
