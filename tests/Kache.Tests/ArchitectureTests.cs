using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using Xunit;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace Kache.Tests;

/// <summary>Dependencies point one way. Each rule says why.</summary>
public sealed class ArchitectureTests
{
    private static readonly Architecture Kache = new ArchLoader().LoadAssemblies(typeof(global::Kache.Exchanges.Exchange).Assembly).Build();

    [Fact]
    public void Playback_cannot_reach_anything_that_dials() =>
        Forbid("Playback", ["Upstream", "Recording", "Api", "Host", "Server", "Cli"],
            "a recording is proved complete by being played back where nothing can be fetched");

    [Fact]
    public void Dns_knows_nothing_of_store_or_sessions() =>
        Forbid("Dns", ["Store", "Sessions", "Interception", "Recording", "Playback", "Upstream", "Api", "Host", "Cli", "Server"],
            "a name server answers names; who owns them is asked through a seam");

    [Fact]
    public void Exchanges_are_plain_values() =>
        Forbid("Exchanges", ["Store", "Dns", "Upstream", "Certificates", "Sessions", "Interception", "Recording", "Playback", "Host", "Api", "Cli", "Server"],
            "everybody depends on them, so they depend on nobody");

    [Fact]
    public void Store_knows_only_values() =>
        Forbid("Store", ["Dns", "Upstream", "Certificates", "Sessions", "Interception", "Recording", "Playback", "Host", "Api", "Cli", "Server"],
            "it must be readable without any of what filled it");

    [Fact]
    public void Upstream_knows_only_values() =>
        Forbid("Upstream", ["Store", "Sessions", "Interception", "Recording", "Playback", "Host", "Api", "Cli", "Server"],
            "the way out is the same for whoever may use it");

    [Fact]
    public void Sessions_do_not_know_what_engines_do() =>
        Forbid("Sessions", ["Recording", "Playback", "Upstream", "Interception", "Host", "Api", "Cli", "Server"],
            "a server that only plays back is composed without a recorder");

    [Fact]
    public void Interception_does_not_know_what_engines_do() =>
        Forbid("Interception", ["Recording", "Playback", "Upstream", "Host", "Api", "Cli", "Server"],
            "opening a connection is the same for every mode");

    [Fact]
    public void Recording_and_playback_do_not_know_each_other() =>
        Forbid("Recording", ["Playback", "Interception", "Host", "Api", "Cli", "Server"],
            "they are separate parts that meet in the store");

    [Fact]
    public void Host_knows_nothing_of_the_server() =>
        Forbid("Host", ["Store", "Sessions", "Recording", "Playback", "Upstream", "Api", "Cli", "Server"],
            "it changes the client's machine, which may be another one");

    [Fact]
    public void Sandbox_knows_nothing_of_the_server() =>
        Forbid("Sandbox", ["Store", "Sessions", "Interception", "Recording", "Playback", "Upstream", "Api", "Cli", "Server"],
            "its first process runs where the data folder is hidden; what serves it is outside");

    [Fact]
    public void Api_does_not_know_its_faces() =>
        Forbid("Api", ["Cli", "Server", "Host", "Recording", "Playback", "Upstream"],
            "the command line is one of its clients");

    [Fact]
    public void The_rules_see_a_dependency_that_is_there() =>
        Assert.ThrowsAny<Exception>(() => Forbid("Sessions", ["Dns"], "sessions do answer names: this rule has to fail"));

    private static void Forbid(string from, string[] to, string because)
    {
        foreach (var target in to)
        {
            IArchRule rule = Types().That().ResideInNamespaceMatching($@"^Kache\.{from}(\.|$)")
                .Should().NotDependOnAny(Types().That().ResideInNamespaceMatching($@"^Kache\.{target}(\.|$)"))
                .Because(because)
                .WithoutRequiringPositiveResults();
            rule.Check(Kache);
        }
    }
}
