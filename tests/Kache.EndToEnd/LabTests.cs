using Kache.EndToEnd.Machines;
using Xunit;

namespace Kache.EndToEnd;

/// <summary>The ground that the other tests stand on: machines that are apart from this one, and a count of packets that counts.</summary>
public sealed class LabTests
{
    private const string OnePacket = "echo x > /dev/udp/10.77.0.2/9;";

    [Fact]
    public async Task What_happens_on_a_machine_stays_there()
    {
        await using var lab = await Lab.MakeAsync();
        var client = await lab.NewClientAsync();
        await client.Machine.ShellAsync("echo changed > /etc/resolv.conf; echo changed > /etc/ke2e-proof; touch /root/proof /run/ke2e-proof; hostname other").SucceedsAsync();

        Assert.DoesNotContain("changed", await File.ReadAllTextAsync("/etc/resolv.conf"), StringComparison.Ordinal);
        Assert.False(File.Exists("/etc/ke2e-proof") || File.Exists("/root/proof") || File.Exists("/run/ke2e-proof"));
        Assert.NotEqual("other", Environment.MachineName);
    }

    [Fact]
    public async Task Packets_of_the_server_and_of_clients_around_it_are_counted_apart_also_when_the_world_is_cut_off()
    {
        await using var lab = await Lab.MakeAsync();
        var client = await lab.NewClientAsync();
        var start = await lab.DeparturesAsync();

        await lab.Server.ShellAsync(OnePacket + OnePacket).SucceedsAsync();
        var own = await lab.DeparturesAsync() - start;
        await client.Machine.ShellAsync(OnePacket + OnePacket + OnePacket).SucceedsAsync();
        await lab.CutOriginsOffAsync();
        await lab.Server.ShellAsync(OnePacket).SucceedsAsync();

        Assert.Equal(new Departures(2, 0), own);
        Assert.Equal(new Departures(3, 3), await lab.DeparturesAsync() - start);
    }

    [Fact]
    public async Task A_machine_that_is_given_up_takes_its_processes_with_it()
    {
        int id;
        await using (var lab = await Lab.MakeAsync())
        {
            lab.Server.Start(["sleep", "1000"]);
            id = lab.Server.Id;
            Assert.True(Directory.Exists($"/proc/{id}"));
        }
        Assert.False(Directory.Exists($"/proc/{id}"));
    }
}
