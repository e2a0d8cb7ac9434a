using System.Runtime.CompilerServices;

namespace Kache.Tests;

/// <summary>The repository's own files: what the documents say is compared with what the code does.</summary>
internal static class Documents
{
    public static string Read(string name) => File.ReadAllText(Path.Combine(Root(), "docs", name));

    /// <summary>Every source file of the program.</summary>
    public static IEnumerable<string> Sources() => Directory.EnumerateFiles(Path.Combine(Root(), "src", "Kache"), "*.cs", SearchOption.AllDirectories);

    public static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}
