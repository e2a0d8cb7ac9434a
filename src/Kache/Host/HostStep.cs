using System.Text.Json.Serialization;
using Kache.Exchanges;

namespace Kache.Host;

/// <summary>
/// One change of the machine, as the journal keeps it before it is made. Undoing looks at what is there, so it may run any
/// number of times, and after a crash at any point of doing or undoing.
/// </summary>
/// <param name="Target">What is changed; no part of the path is a symlink.</param>
[JsonDerivedType(typeof(MadeFolder), "made-folder")]
[JsonDerivedType(typeof(MadeFile), "made-file")]
[JsonDerivedType(typeof(MadeLink), "made-link")]
[JsonDerivedType(typeof(MountedFile), "mounted-file")]
[JsonDerivedType(typeof(MountedFolder), "mounted-folder")]
[JsonDerivedType(typeof(WrittenFile), "written-file")]
[JsonDerivedType(typeof(SweptTrust), "swept-trust")]
internal abstract record HostStep(string Target)
{
    /// <summary>Whether it outlives a reboot.</summary>
    [JsonIgnore]
    public bool Lasts => this is not (MountedFile or MountedFolder);

    public abstract void Do(HostChange change);

    /// <returns>Whether nothing is left of it.</returns>
    public abstract bool Undo(HostChange change);
}

/// <summary>A folder that was missing; goes when it is empty.</summary>
internal sealed record MadeFolder(string Target) : HostStep(Target)
{
    public override void Do(HostChange change) => Directory.CreateDirectory(Target);

    public override bool Undo(HostChange change)
    {
        if (!Directory.Exists(Target)) return true;
        if (Directory.EnumerateFileSystemEntries(Target).Any()) change.Notes.Add($"{change.Told(Target)} was made by start and has something in it now: it stays.");
        else Directory.Delete(Target);
        return true;
    }
}

/// <summary>A file that was missing: one of our own, or an empty one to mount over.</summary>
internal sealed record MadeFile(string Target, string Content) : HostStep(Target)
{
    public override void Do(HostChange change)
    {
        SafeFile.WriteNew(Target, TextLines.Write(Content));
        HostCalls.FlushFolder(Path.GetDirectoryName(Target)!);
    }

    public override bool Undo(HostChange change)
    {
        if (SafeFile.Read(Target) is not { } current) return true;
        // A crash while it was written leaves a part.
        if (TextLines.Write(Content).AsSpan().StartsWith(current)) File.Delete(Target);
        else change.Notes.Add($"{change.Told(Target)} was made by start and others wrote to it: it stays, as they left it.");
        return true;
    }
}

internal sealed record MadeLink(string Target, string To) : HostStep(Target)
{
    public override void Do(HostChange change)
    {
        File.Delete(Target);
        File.CreateSymbolicLink(Target, To);
        HostCalls.FlushFolder(Path.GetDirectoryName(Target)!);
    }

    public override bool Undo(HostChange change)
    {
        if (new FileInfo(Target).LinkTarget == To) File.Delete(Target);
        return true;
    }
}

/// <summary>A file under /run mounted over another: at once, for everybody, and the file below stays as it is.</summary>
/// <param name="Content">Digest of what was mounted, to see whether others wrote there.</param>
internal sealed record MountedFile(string Target, int Number, Edit Edit, string Content) : HostStep(Target)
{
    private const string BelowEnding = ".below";

    public static MountedFile Prepare(string target, int number, Edit edit, HostChange change)
    {
        var below = SafeFile.Read(target) ?? [];
        var content = edit.Apply(below, change.Facts);
        SafeFile.WriteNew(change.Source(number) + BelowEnding, below);
        SafeFile.WriteNew(change.Source(number), content);
        SafeFile.MakeLike(change.Source(number), target);
        return new MountedFile(target, number, edit, Digest.Of(content).ToString());
    }

    public override void Do(HostChange change) => Mounting.Mount(change.Source(Number), Target, change.Told(Target));

    public override bool Undo(HostChange change)
    {
        var source = change.Source(Number);
        var current = SafeFile.Read(source);
        if (!Mounting.TakeOff(source, Target, change, () => Neutralise(source, change))) return false;
        change.Reached($"took off {Target}");
        if (current is null) return true;
        if (Digest.Of(current).ToString() != Content) CarryOver(current, change);
        change.Reached($"carried over {Target}");
        File.Delete(source);
        return true;
    }

    /// <summary>Somebody wrote to what they took for the file: their words go there, ours do not.</summary>
    private void CarryOver(byte[] current, HostChange change)
    {
        var below = SafeFile.Read(Target);
        var left = Edit.Remove(current, below, change.Facts);
        if (below is not null && left.AsSpan().SequenceEqual(below)) return;
        SafeFile.Replace(Target, left);
        change.Notes.Add($"{change.Told(Target)} was changed by others meanwhile: their change was kept, ours was taken out.");
    }

    private void Neutralise(string source, HostChange change)
    {
        if (SafeFile.Read(source) is { } current) SafeFile.WriteInPlace(source, Edit.Remove(current, SafeFile.Read(source + BelowEnding), change.Facts));
    }
}

/// <summary>A file changed where it is: only where mounts are not to be had.</summary>
/// <param name="Existed">Whether there was a file; then its copy is kept.</param>
/// <param name="Content">Digest of what was written.</param>
internal sealed record WrittenFile(string Target, int Number, Edit Edit, bool Existed, string Content) : HostStep(Target)
{
    public static WrittenFile Prepare(string target, int number, Edit edit, HostChange change)
    {
        var original = SafeFile.Read(target);
        if (original is not null)
        {
            var copy = change.Original(number);
            SafeFile.WriteNew(copy, original);
            File.SetLastWriteTimeUtc(copy, File.GetLastWriteTimeUtc(target));
            HostCalls.FlushFolder(change.Originals);
        }
        return new WrittenFile(target, number, edit, original is not null, Digest.Of(edit.Apply(original, change.Facts)).ToString());
    }

    public override void Do(HostChange change) => SafeFile.Replace(Target, Edit.Apply(KeptOriginal(change), change.Facts));

    public override bool Undo(HostChange change)
    {
        File.Delete(Target + SafeFile.FreshEnding);
        var original = KeptOriginal(change);
        if (SafeFile.Read(Target) is not { } current)
        {
            if (Existed) change.Notes.Add($"{change.Told(Target)} was removed by others meanwhile: it stays removed.");
        }
        else if (IsOurs(current, original, change.Facts))
        {
            Restore(original, change);
        }
        else if (original is null || !current.AsSpan().SequenceEqual(original))
        {
            Carve(current, original, change);
        }
        return true;
    }

    private byte[]? KeptOriginal(HostChange change)
    {
        if (!Existed) return null;
        return SafeFile.Read(change.Original(Number))
            ?? throw new HostException($"The copy of {change.Told(Target)} as it was before start ({change.Original(Number)}) is gone. Take Kache's lines ({TextLines.Mark.Trim()}) out by hand, or reinstall the package that owns it.");
    }

    // Writing in place, there or back, may have been cut short: then it is the beginning of one of the two.
    private bool IsOurs(byte[] current, byte[]? original, HostFacts facts)
    {
        if (Digest.Of(current).ToString() == Content) return true;
        if (original is not null && current.AsSpan().SequenceEqual(original)) return false;
        return Edit.Apply(original, facts).AsSpan().StartsWith(current) || (original ?? []).AsSpan().StartsWith(current);
    }

    private void Restore(byte[]? original, HostChange change)
    {
        if (original is null)
        {
            File.Delete(Target);
            return;
        }
        SafeFile.Replace(Target, original);
        File.SetLastWriteTimeUtc(Target, File.GetLastWriteTimeUtc(change.Original(Number)));
    }

    private void Carve(byte[] current, byte[]? original, HostChange change)
    {
        var left = Edit.Remove(current, original, change.Facts);
        if (left.Length == 0 && original is null) File.Delete(Target);
        else if (!left.AsSpan().SequenceEqual(current)) SafeFile.Replace(Target, left);
        change.Notes.Add($"{change.Told(Target)} was changed by others meanwhile: it lost our part only.");
    }
}
