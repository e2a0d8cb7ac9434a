namespace Kache.Host;

/// <summary>One start's changes as they are made: journalled first, mounted where that is possible.</summary>
/// <param name="mayMount">False in a container that has not the right to.</param>
internal sealed class HostWork(HostPaths paths, JournalFile file, HostChange change, bool mayMount, Action<string>? reached)
{
    private int _number;
    private bool _undoneAtBoot;

    public required HostJournal Journal { get; set; }

    public void Step(HostStep step)
    {
        if (step.Lasts && step is not SweptTrust && !_undoneAtBoot)
        {
            // Before the first change that outlives a reboot, so that it is never there alone.
            _undoneAtBoot = true;
            foreach (var undo in BootUndo.Steps(paths))
            {
                MakeFolders(Path.GetDirectoryName(undo.Target)!);
                Step(undo);
            }
        }
        Journal = Journal with { Steps = [.. Journal.Steps, step] };
        file.Write(Journal);
        reached?.Invoke($"journalled {step}");
        step.Do(change);
        reached?.Invoke($"done {step}");
    }

    public void Folder(PlannedFolder planned)
    {
        MakeFolders(planned.Path);
        if (mayMount && TryMount(() => MountedFolder.Prepare(planned.Path, ++_number, planned.Edits, planned.Links, change))) return;
        foreach (var edit in planned.Edits) File(new PlannedFile(Path.Combine(planned.Path, edit.Path), edit.Edit), mount: false);
        foreach (var (path, to) in planned.Links) Step(new MadeLink(Path.Combine(planned.Path, path), to));
    }

    public void File(PlannedFile planned) => File(planned, mayMount);

    private void File(PlannedFile planned, bool mount)
    {
        try
        {
            Change(planned, mount);
        }
        catch (Exception failure) when (!planned.Needed && failure is FormatException or IOException or UnauthorizedAccessException)
        {
            change.Notes.Add($"{change.Told(planned.Path)} is left as it is ({failure.Message.TrimEnd('.')}): what reads it does not trust Kache.");
        }
    }

    private void Change(PlannedFile planned, bool mount)
    {
        var content = SafeFile.Read(planned.Path);
        if (content is not null && planned.Edit.Apply(content, change.Facts).AsSpan().SequenceEqual(content)) return;
        MakeFolders(Path.GetDirectoryName(planned.Path)!);
        if (mount)
        {
            // An empty file does no harm, should the machine lose power now.
            if (content is null) Step(new MadeFile(planned.Path, ""));
            if (TryMount(() => MountedFile.Prepare(planned.Path, ++_number, planned.Edit, change))) return;
        }
        Step(WrittenFile.Prepare(planned.Path, ++_number, planned.Edit, change));
    }

    /// <summary>A machine that lets us mount may still refuse it here and there (AppArmor does).</summary>
    private bool TryMount(Func<HostStep> prepare)
    {
        try
        {
            Step(prepare());
            return true;
        }
        catch (MountRefusedException)
        {
            return false;
        }
    }

    private void MakeFolders(string folder)
    {
        if (Directory.Exists(folder)) return;
        MakeFolders(Path.GetDirectoryName(folder)!);
        Step(new MadeFolder(folder));
    }
}
