using Kache.Host;
using Kache.Sandbox.Kernel;

namespace Kache.Sandbox;

/// <summary>
/// What the command sees of the machine: all of it, with other processes hidden, its names and roots replaced, and the sockets
/// masked that lead around the network. Only this mount namespace changes.
/// </summary>
internal sealed class InsideMounts(InsidePlan plan, CommandEnvironment variables)
{
    private static readonly string[] ReadOnlyKernelFolders = ["/proc/sys", "/proc/sysrq-trigger", "/proc/bus", "/proc/irq", "/proc/fs", "/sys"];

    private readonly List<string> _notes = [];
    private readonly HostPaths _paths = new();
    private int _number;

    /// <returns>What could not be done as it should.</returns>
    public IReadOnlyList<string> Make()
    {
        Mounts.Processes();
        // A socket that is shared is held before its folder is covered.
        var shared = plan.SharedSockets.Select(path => (Path: path, Held: Mounts.Hold(path))).ToList();
        // Their sources may be where the workshop will be.
        foreach (var over in plan.Folders) Mounts.TreeOver(over.Source, over.Target);
        Mounts.Memory(plan.Workshop, "0755");
        OverlayNames();
        OverlayRoots();
        foreach (var (name, value) in plan.Variables) variables.Set(name, value);
        foreach (var socket in plan.DeadSockets) Mounts.Over("/dev/null", socket);
        foreach (var folder in plan.EmptyFolders) Mounts.Memory(folder, "0700");
        foreach (var (path, held) in shared) Share(path, held);
        if (!plan.HasUserNamespace)
        {
            // Root may write there by its number alone, and some of these files start programs outside.
            foreach (var folder in ReadOnlyKernelFolders.Where(f => Directory.Exists(f) || File.Exists(f))) SetReadOnly(folder);
        }
        return _notes;
    }

    private void OverlayNames()
    {
        var facts = Facts(bundle: null);
        var resolver = _paths.Real("/etc/resolv.conf");
        if (!File.Exists(resolver))
            throw new IOException("/etc/resolv.conf is missing, or a symlink that leads nowhere, so nothing can be mounted over it. Make it (an empty file will do), then try again");
        OverlayFile(resolver, new Edit(EditKind.Resolver).Apply(File.ReadAllBytes(resolver), facts));
        var names = _paths.Real("/etc/nsswitch.conf");
        if (File.Exists(names)) OverlayFile(names, new Edit(EditKind.NameSwitch).Apply(File.ReadAllBytes(names), facts));
    }

    private void OverlayRoots()
    {
        var stores = new TrustStores(_paths, variables.Get);
        var facts = Facts(stores.Bundle);
        var found = stores.Find(facts);
        _notes.AddRange(found.Notes);
        // A file of roots for tools that are told one; a machine without any gets ours alone.
        var certificate = Write(Path.Combine(plan.Workshop, $"{plan.Name}.crt"), System.Text.Encoding.ASCII.GetBytes(plan.Ca));
        foreach (var folder in found.Folders.Where(f => Directory.Exists(f.Path))) OverlayFolder(folder, facts);
        foreach (var file in found.Files.Where(f => IsOverlaid(f) && File.Exists(f.Path)))
            Try(file.Path, () => OverlayFile(file.Path, file.Edit.Apply(File.ReadAllBytes(file.Path), facts)));
        TrustVariables.Set(variables, stores.Bundle ?? certificate, certificate);
    }

    /// <summary>
    /// Not what variables do as well: configuration of tools, which may be missing, and roots in Python's packages, whose upgrade
    /// would fail on a mount.
    /// </summary>
    private static bool IsOverlaid(PlannedFile file) =>
        file.Edit.Kind is EditKind.Roots or EditKind.KeyStore
        && !file.Path.Contains("/site-packages/", StringComparison.Ordinal) && !file.Path.Contains("/dist-packages/", StringComparison.Ordinal);

    private HostFacts Facts(string? bundle) =>
        new($"written by 'kache run {plan.Mode}'; it is seen inside only.", [SandboxNetwork.Gateway.ToString()], plan.Ca, plan.Name, bundle);

    /// <summary>A copy of a folder of roots, ours added.</summary>
    private void OverlayFolder(PlannedFolder planned, HostFacts facts) => Try(planned.Path, () =>
    {
        var copy = Path.Combine(plan.Workshop, $"{++_number}");
        Copy(planned.Path, copy);
        foreach (var edit in planned.Edits)
        {
            var file = Path.Combine(copy, edit.Path);
            Try(Path.Combine(planned.Path, edit.Path), () => Write(file, edit.Edit.Apply(SafeFile.Read(file), facts)));
        }
        foreach (var (name, to) in planned.Links)
        {
            var link = Path.Combine(copy, name);
            File.Delete(link);
            // The folder that it leads to may be missing on this machine.
            if (to.StartsWith('/') && !File.Exists(to)) Write(link, System.Text.Encoding.ASCII.GetBytes(facts.Ca));
            else File.CreateSymbolicLink(link, to);
        }
        Mounts.Over(copy, planned.Path);
    });

    private void OverlayFile(string path, byte[] content)
    {
        var copy = Write(Path.Combine(plan.Workshop, $"{++_number}"), content);
        Mounts.Over(copy, path);
    }

    private static string Write(string file, byte[] content)
    {
        File.WriteAllBytes(file, content);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        return file;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            var copy = Path.Combine(to, entry.Name);
            if (entry.LinkTarget is { } target) File.CreateSymbolicLink(copy, target);
            else if (entry is DirectoryInfo) Copy(entry.FullName, copy);
            else if (entry is FileInfo { UnixFileMode: var mode } && mode.HasFlag(UnixFileMode.UserRead)) File.Copy(entry.FullName, copy);
        }
    }

    /// <summary>Puts a socket back into the folder that was emptied.</summary>
    private static void Share(string path, int held)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, []);
        Mounts.Over($"/proc/self/fd/{held}", path);
        Descriptors.Close(held);
    }

    private void SetReadOnly(string path)
    {
        try
        {
            Mounts.TreeOver(path, path);
            foreach (var point in Mounts.Below(path)) Mounts.SetReadOnly(point);
        }
        catch (SystemCallException refused)
        {
            _notes.Add($"{path} stays writable inside: {refused.Message}");
        }
    }

    private void Try(string path, Action change)
    {
        try
        {
            change();
        }
        catch (Exception failure) when (failure is FormatException or IOException or UnauthorizedAccessException)
        {
            _notes.Add($"{path} is left as it is ({failure.Message.TrimEnd('.')}): what reads it does not trust Kache.");
        }
    }
}
