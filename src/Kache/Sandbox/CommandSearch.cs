using System.Runtime.InteropServices;

namespace Kache.Sandbox;

/// <summary>Whether a command can be started, before it is: so that the reason is told in our words, and the exit code is right.</summary>
internal static partial class CommandSearch
{
    internal enum Result
    {
        Found,
        NotFound,
        NotExecutable,
    }

    private const int Executable = 1;

    // execvp(3).
    private const string DefaultPath = "/bin:/usr/bin";

    public static Result Find(string name, string? path)
    {
        if (name.Contains('/', StringComparison.Ordinal)) return Judge(name);
        var best = Result.NotFound;
        foreach (var folder in (path ?? DefaultPath).Split(':'))
        {
            var found = Judge(Path.Combine(folder.Length == 0 ? "." : folder, name));
            if (found == Result.Found) return found;
            if (found == Result.NotExecutable) best = found;
        }
        return name.Length == 0 ? Result.NotFound : best;
    }

    private static Result Judge(string file)
    {
        if (Directory.Exists(file)) return Result.NotExecutable;
        if (!File.Exists(file)) return Result.NotFound;
        return access(file, Executable) == 0 ? Result.Found : Result.NotExecutable;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);
}
