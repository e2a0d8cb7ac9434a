namespace Kache.Host;

/// <summary>Which boot and which mount namespace this is.</summary>
internal static class Machine
{
    private const string BootFile = "/proc/sys/kernel/random/boot_id";
    private const string NamespaceLink = "/proc/self/ns/mnt";

    public static string Boot => File.ReadAllText(BootFile).Trim();

    /// <summary><c>mnt:[4026531841]</c></summary>
    public static string Namespace => new FileInfo(NamespaceLink).LinkTarget ?? "";

    /// <summary>A process that lives in a mount namespace, or null when nobody does.</summary>
    public static int? LivesIn(string mountNamespace)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var id)) continue;
            try
            {
                if (new FileInfo($"{folder}/ns/mnt").LinkTarget == mountNamespace) return id;
            }
            catch (Exception ended) when (ended is IOException or UnauthorizedAccessException)
            {
                // It has just ended.
            }
        }
        return null;
    }

    /// <summary>When a process began, in clock ticks since boot (proc_pid_stat(5), field 22): tells it from a later one with its id. Null when there is none.</summary>
    public static string? Began(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            // The name in parentheses may hold blanks; a zombie has ended.
            var words = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return words[0] == "Z" ? null : words[19];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
