using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Origins;

namespace Kache.EndToEnd.Builds;

/// <summary>Something that people do with a real client, from nothing: what it needs of the world, and what it leaves behind.</summary>
internal sealed record Build
{
    public required string Name { get; init; }

    /// <summary>Lines of bash, run in an empty folder by root with an empty home. What they leave in <c>result/</c> counts.</summary>
    public required string Script { get; init; }

    /// <summary>Whether it goes to real registries, by their clients' default configuration.</summary>
    public bool Registries { get; init; }

    public Func<World, Task> Prepare { get; init; } = _ => Task.CompletedTask;

    /// <summary>Ten times what it takes on an idle machine with two cores.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(3);

    public override string ToString() => Name;

    /// <summary>Runs on a client; the answer names each file of the result with its SHA-256.</summary>
    public async Task<string> RunAsync(Client client)
    {
        var folder = Directory.CreateDirectory(Path.Combine(client.Lab.Folder, $"{client.Machine.Name}-{Name.Replace(' ', '-')}")).FullName;
        await client.Machine.ShellAsync($"mkdir result\n{Script}", Patience, folder).SucceedsAsync();
        var listed = await client.Machine.ShellAsync("cd result; find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum; find . -type l -printf '%p -> %l\\n' | LC_ALL=C sort", Patience, folder).SucceedsAsync();
        Directory.Delete(folder, recursive: true);
        return listed.Out;
    }
}
