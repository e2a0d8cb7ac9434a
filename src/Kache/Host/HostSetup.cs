using System.Security.Cryptography;

namespace Kache.Host;

/// <summary>
/// Changes this machine and takes the changes back. Every step is in the journal, on disk, before it is made. Roots come first and
/// the resolver last, so that no client meets Kache before it can trust it; undoing goes the other way.
/// </summary>
/// <param name="reached">Told of every point at which a crash would be interesting; does nothing but in tests.</param>
/// <param name="tryMounts">False as in a container that may not mount.</param>
internal sealed class HostSetup(HostPaths paths, JournalFile file, Action<string>? reached = null, bool tryMounts = true)
{
    private const string TrialName = "trial";

    /// <summary>What was not done, or done another way, in sentences.</summary>
    public List<string> Notes { get; } = [];

    public static string NewId() => RandomNumberGenerator.GetHexString(12, lowercase: true);

    /// <summary>Makes every change of the plan; the journal that comes back has them all.</summary>
    /// <exception cref="HostException">A needed change is not possible. What was done so far is in the journal; undo it.</exception>
    public HostJournal Apply(HostJournal journal, HostPlan trust, ResolverDetection resolver)
    {
        var facts = journal.Facts ?? throw new InvalidOperationException("a journal without facts");
        var change = Change(journal, facts);
        Directory.CreateDirectory(change.Sources);
        Directory.CreateDirectory(change.Originals);
        SafeFile.WriteNew(paths.ResolversBefore, SafeFile.Read(resolver.File) ?? []);
        Notes.AddRange(trust.Notes);
        var work = new HostWork(paths, file, change, tryMounts && MayMount(change), reached) { Journal = journal };
        work.Step(new SweptTrust("trust", trust.Swept));
        foreach (var folder in trust.Folders) work.Folder(folder);
        foreach (var planned in trust.Files) work.File(planned);
        if (resolver.NameSwitch is { } nameSwitch) work.File(new PlannedFile(nameSwitch, new Edit(EditKind.NameSwitch), Needed: true));
        work.File(new PlannedFile(resolver.File, new Edit(EditKind.Resolver), Needed: true));
        return work.Journal;
    }

    /// <summary>Takes back what the journal has, newest first. Steps that are undone leave the journal as they go.</summary>
    /// <returns>The journal without them; with steps only where somebody else is in the way.</returns>
    public HostJournal Undo(HostJournal journal)
    {
        if (journal.Facts is not { } facts) return journal;
        RequireNamespace(journal);
        var change = Change(journal, facts);
        var stuck = new List<HostStep>();
        for (var left = journal.Steps; left.Count > 0;)
        {
            var step = left[^1];
            reached?.Invoke($"undoing {step}");
            if (!step.Undo(change)) stuck.Insert(0, step);
            reached?.Invoke($"undone {step}");
            left = [.. left.Take(left.Count - 1)];
            journal = journal with { Steps = [.. left, .. stuck] };
            file.Write(journal);
        }
        if (File.Exists(paths.ResolversBefore)) File.Delete(paths.ResolversBefore);
        if (stuck.Count > 0) return journal;
        Forget(change.Sources);
        Forget(change.Originals);
        return journal;
    }

    private HostChange Change(HostJournal journal, HostFacts facts) =>
        new(facts, Path.Combine(paths.Runtime, journal.Id), Path.Combine(paths.State, journal.Id), paths.Told, Notes, reached ?? (_ => { }));

    private static void Forget(string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    /// <summary>Mounts of another mount namespace cannot be taken off from here; if nobody lives there any more, they are gone with it.</summary>
    private static void RequireNamespace(HostJournal journal)
    {
        if (journal.Boot != Machine.Boot || journal.Namespace == Machine.Namespace || journal.Steps.All(s => s.Lasts)) return;
        if (Machine.LivesIn(journal.Namespace) is { } process)
            throw new HostException($"start was run in another mount namespace, where its mounts are. Stop it there: nsenter --mount=/proc/{process}/ns/mnt kache stop {journal.Mode}");
    }

    /// <summary>Whether mounts are to be had, found out by making one where nobody looks.</summary>
    private static bool MayMount(HostChange change)
    {
        var trial = Path.Combine(change.Sources, TrialName);
        SafeFile.WriteNew(trial, []);
        var error = HostCalls.BindMount(trial, trial);
        if (error == 0) HostCalls.Unmount(trial);
        File.Delete(trial);
        return error == 0;
    }
}
