namespace Kache.Host;

/// <summary>An edit of a file in an overlaid folder; the path is relative to it.</summary>
internal sealed record FolderEdit(string Path, Edit Edit);

/// <summary>
/// A copy of a folder of roots, ours added, mounted over it. The folder and not its files, because what rebuilds such
/// folders (update-ca-certificates, p11-kit) renames over files, and a package that does so must not fail meanwhile.
/// </summary>
internal sealed record MountedFolder(string Target, int Number, IReadOnlyList<FolderEdit> Edits) : HostStep(Target)
{
    private const string ListEnding = ".list";

    /// <param name="links">Symlinks to add: path relative to the folder, and where they lead.</param>
    public static MountedFolder Prepare(string target, int number, IReadOnlyList<FolderEdit> edits, IReadOnlyDictionary<string, string> links, HostChange change)
    {
        var source = change.Source(number);
        if (Directory.Exists(source)) Directory.Delete(source, recursive: true);
        FolderCopy.Copy(target, source);
        var made = edits.Where(edit => Try(source, edit, change)).ToList();
        foreach (var (path, to) in links)
        {
            var link = Path.Combine(source, path);
            File.Delete(link);
            File.CreateSymbolicLink(link, to);
        }
        File.WriteAllLines(source + ListEnding, FolderCopy.List(source).Select(entry => $"{entry.Value}\t{entry.Key}"));
        return new MountedFolder(target, number, made);
    }

    public override void Do(HostChange change) => Mounting.Mount(change.Source(Number), Target, change.Told(Target));

    public override bool Undo(HostChange change)
    {
        var source = change.Source(Number);
        if (!Mounting.TakeOff(source, Target, change, () => Neutralise(source, change))) return false;
        if (Directory.Exists(source) && File.Exists(source + ListEnding))
        {
            change.Reached($"took off {Target}");
            CarryOver(source, change);
            change.Reached($"carried over {Target}");
            // The list goes first: without it nothing is carried over a second time.
            File.Delete(source + ListEnding);
            Directory.Delete(source, recursive: true);
        }
        return true;
    }

    private static bool Try(string folder, FolderEdit edit, HostChange change)
    {
        var path = Path.Combine(folder, edit.Path);
        try
        {
            var existed = File.Exists(path);
            var content = edit.Edit.Apply(SafeFile.Read(path), change.Facts);
            if (existed) SafeFile.WriteInPlace(path, content);
            else SafeFile.WriteNew(path, content);
            return true;
        }
        catch (FormatException unknown)
        {
            change.Notes.Add($"{edit.Path} of a folder of roots is left as it is ({unknown.Message}): programs that read it do not trust Kache.");
            return false;
        }
    }

    private void CarryOver(string source, HostChange change)
    {
        var before = File.ReadAllLines(source + ListEnding).Select(line => line.Split('\t', 2)).ToDictionary(parts => parts[1], parts => parts[0], StringComparer.Ordinal);
        var now = FolderCopy.List(source);
        var changed = now.Where(entry => before.GetValueOrDefault(entry.Key) != entry.Value).Select(entry => entry.Key).Order(StringComparer.Ordinal).ToList();
        var gone = before.Keys.Except(now.Keys, StringComparer.Ordinal).OrderDescending(StringComparer.Ordinal).ToList();
        foreach (var path in changed) TakeOver(source, path, change);
        foreach (var path in gone) FolderCopy.Remove(Path.Combine(Target, path));
        if (changed.Count + gone.Count > 0)
            change.Notes.Add($"{change.Told(Target)} was changed by others meanwhile ({changed.Count + gone.Count} entries): their changes were kept, ours were taken out.");
    }

    private void TakeOver(string source, string path, HostChange change)
    {
        var (from, to) = (Path.Combine(source, path), Path.Combine(Target, path));
        FolderCopy.CopyEntry(from, to);
        if (Edits.FirstOrDefault(edit => edit.Path == path) is not { } known || !File.Exists(to)) return;
        var current = File.ReadAllBytes(to);
        var left = known.Edit.Remove(current, null, change.Facts);
        if (!left.AsSpan().SequenceEqual(current)) SafeFile.Replace(to, left);
    }

    private void Neutralise(string source, HostChange change)
    {
        foreach (var edit in Edits)
        {
            var path = Path.Combine(source, edit.Path);
            if (SafeFile.Read(path) is { } current) SafeFile.WriteInPlace(path, edit.Edit.Remove(current, null, change.Facts));
        }
    }
}
