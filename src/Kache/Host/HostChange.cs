namespace Kache.Host;

/// <summary>What the steps of one start share.</summary>
/// <param name="Sources">Folder under /run with what is mounted.</param>
/// <param name="Originals">Folder with copies of what is changed in place; survives a reboot.</param>
/// <param name="Told">A path as people know it.</param>
/// <param name="Notes">What whoever undoes should tell: sentences.</param>
/// <param name="Reached">Told of points within a step at which a crash would be interesting.</param>
internal sealed record HostChange(HostFacts Facts, string Sources, string Originals, Func<string, string> Told, ICollection<string> Notes, Action<string> Reached)
{
    public string Source(int number) => Path.Combine(Sources, number.ToString());

    public string Original(int number) => Path.Combine(Originals, number.ToString());
}
