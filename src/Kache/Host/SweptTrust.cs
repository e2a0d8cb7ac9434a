namespace Kache.Host;

/// <summary>
/// Nothing is done; undoing looks through the folders of roots for our certificate. Packages that came meanwhile may have
/// built their own files with it (a first install of ca-certificates does), where no other step knows of them.
/// </summary>
/// <param name="Folders">Where roots are kept on machines like this one, whether or not they exist.</param>
internal sealed record SweptTrust(string Target, IReadOnlyList<string> Folders) : HostStep(Target)
{
    // Some megabytes is what the largest of such files have.
    private const long LargestFile = 32 * 1024 * 1024;

    public override void Do(HostChange change)
    {
    }

    public override bool Undo(HostChange change)
    {
        var certificate = PemBundle.Der(change.Facts.Ca);
        foreach (var folder in Folders.Where(Directory.Exists)) Sweep(folder, certificate, change);
        return true;
    }

    private static void Sweep(string folder, byte[] certificate, HostChange change)
    {
        // Links first: what they lead to may go next.
        var entries = Directory.EnumerateFileSystemEntries(folder).ToList();
        foreach (var link in entries.Where(entry => IsOurLink(entry, change.Facts))) File.Delete(link);
        foreach (var entry in entries)
        {
            if (new FileInfo(entry).LinkTarget is not null) continue;
            if (Directory.Exists(entry)) Sweep(entry, certificate, change);
            else if (File.Exists(entry) && new FileInfo(entry).Length <= LargestFile) Clean(entry, certificate, change);
        }
    }

    private static bool IsOurLink(string path, HostFacts facts) =>
        new FileInfo(path).LinkTarget is { } target && Path.GetFileNameWithoutExtension(target) == facts.Name;

    private static void Clean(string file, byte[] certificate, HostChange change)
    {
        var content = File.ReadAllBytes(file);
        var isJks = JavaKeyStore.IsJks(content);
        if (isJks ? !JavaKeyStore.Holds(content, certificate) : !PemBundle.Holds(TextLines.Read(content), certificate)) return;
        if (Path.GetFileNameWithoutExtension(file) == change.Facts.Name)
        {
            File.Delete(file);
            return;
        }
        var left = new Edit(isJks ? EditKind.KeyStore : EditKind.Roots).Remove(content, null, change.Facts);
        SafeFile.Replace(file, left);
        change.Notes.Add($"{change.Told(file)} was rebuilt by others meanwhile, with Kache's certificate: that was taken out.");
    }
}
