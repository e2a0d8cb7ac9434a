using Kache.EndToEnd.Machines;

namespace Kache.EndToEnd.Origins;

/// <summary>Everything that the world of a lab offers.</summary>
internal sealed class World : IDisposable
{
    private World(Lab lab, TestAuthority authority, NameServer names, WebServer web)
    {
        Lab = lab;
        Authority = authority;
        Names = names;
        Web = web;
    }

    public Lab Lab { get; }

    public TestAuthority Authority { get; }

    public NameServer Names { get; }

    public WebServer Web { get; }

    public static async Task<World> OpenAsync(Lab lab, bool registries = false)
    {
        await lab.World.ShellAsync($"ip address add {Origins.Names.ScriptsAddress}/24 dev net0; ip address add {Origins.Names.RefusingAddress}/24 dev net0").SucceedsAsync();
        var authority = TestAuthority.Make(lab.Folder);
        return new World(lab, authority, await NameServer.StartAsync(lab, registries), await WebServer.StartAsync(lab, authority));
    }

    /// <summary>For direct runs: this client trusts the origins under .test by itself, in the system's bundle.</summary>
    public async Task TrustDirectlyAsync(Client client) =>
        await client.Machine.ShellAsync($"cp {Authority.File} /usr/local/share/ca-certificates/origins.crt && update-ca-certificates >/dev/null 2>&1").SucceedsAsync();

    public void Dispose() => Authority.Dispose();
}
