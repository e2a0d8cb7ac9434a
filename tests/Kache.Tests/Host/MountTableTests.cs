using Kache.Host;
using Xunit;

namespace Kache.Tests.Host;

public sealed class MountTableTests
{
    private static readonly MountTable Table = MountTable.Parse(
    [
        "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
        "40 27 0:25 /kache/host/ab12cd/3 /etc/resolv.conf rw,nosuid shared:5 - tmpfs tmpfs rw",
        "41 40 0:25 /other/file /etc/resolv.conf rw - tmpfs tmpfs rw",
        @"42 27 254:0 /run/kache/host/ab12cd/4//deleted /with\040blank rw master:2 - ext4 /dev/vda rw",
        "garbage",
    ]);

    [Fact]
    public void What_is_stacked_on_top_comes_last() =>
        Assert.Equal([40, 41], Table.At("/etc/resolv.conf").Select(m => m.Id));

    [Fact]
    public void Ours_is_known_by_its_source_wherever_run_is_mounted()
    {
        Assert.True(MountTable.Shows(Table.At("/etc/resolv.conf")[0], "/run/kache/host/ab12cd/3"));
        Assert.False(MountTable.Shows(Table.At("/etc/resolv.conf")[1], "/run/kache/host/ab12cd/3"));
        Assert.False(MountTable.Shows(Table.At("/etc/resolv.conf")[0], "/run/kache/host/ffffff/3"));
    }

    [Fact]
    public void Blanks_in_names_and_deleted_sources_are_understood() =>
        Assert.True(MountTable.Shows(Assert.Single(Table.At("/with blank")), "/run/kache/host/ab12cd/4"));
}
