using System.Net;
using Kache.Sandbox;
using Xunit;

namespace Kache.Tests.Sandbox;

public sealed class NamePoolTests
{
    private readonly NamePool _pool = new();

    [Fact]
    public void A_name_keeps_its_address_and_shares_it_with_nobody()
    {
        var one = _pool.AddressOf("one.test");
        var two = _pool.AddressOf("two.test");
        Assert.NotEqual(one, two);
        Assert.Equal(one, _pool.AddressOf("one.test"));
        Assert.True(_pool.TryName(two, out var name));
        Assert.Equal("two.test", name);
    }

    [Fact]
    public void Addresses_are_of_the_range_for_benchmarks_and_never_the_cables()
    {
        var address = _pool.AddressOf("one.test");
        Assert.True(SandboxNetwork.Pool.Contains(address));
        Assert.False(new IPNetwork(SandboxNetwork.Pool.BaseAddress, SandboxNetwork.Prefix).Contains(address));
        Assert.False(_pool.TryName(SandboxNetwork.Gateway, out _));
    }

    [Fact]
    public void When_all_are_given_the_first_names_lose_theirs()
    {
        var first = _pool.AddressOf("name0.test");
        var given = 1;
        while (!_pool.TryName(first, out var holder) || holder == "name0.test") _pool.AddressOf($"name{given++}.test");
        Assert.InRange(given, 130_000, 131_072);
        Assert.NotEqual(first, _pool.AddressOf("name0.test"));
    }

    [Fact]
    public void Names_that_are_asked_for_at_the_same_time_each_get_one()
    {
        var addresses = new IPAddress[64];
        Parallel.For(0, addresses.Length, i => addresses[i] = _pool.AddressOf($"name{i % 16}.test"));
        Assert.Equal(16, addresses.Distinct().Count());
    }
}
