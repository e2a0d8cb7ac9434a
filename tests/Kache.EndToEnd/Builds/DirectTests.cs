using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Origins;
using Xunit;

namespace Kache.EndToEnd.Builds;

/// <summary>Without Kache: clients, origins and the ways between them are what the other tests take them for.</summary>
public sealed class DirectTests
{
    public static TheoryData<string> Builds => AllBuilds.Names;

    [Theory]
    [MemberData(nameof(Builds))]
    public async Task A_build_works_without_Kache(string name)
    {
        var build = AllBuilds.Named(name);
        await using var lab = await Lab.MakeAsync(build.Registries);
        using var world = await World.OpenAsync(lab, build.Registries);
        await build.Prepare(world);

        var client = await lab.NewClientAsync();
        await world.TrustDirectlyAsync(client);
        var result = await build.RunAsync(client);

        Assert.NotEmpty(result);
    }
}
