using System.Text;

namespace Kache.Host;

/// <param name="Root">The path within its file system that is mounted.</param>
internal sealed record MountEntry(int Id, int Parent, string Root, string Point);

/// <summary>What is mounted where: /proc/self/mountinfo (proc_pid_mountinfo(5)).</summary>
internal sealed class MountTable(IReadOnlyList<MountEntry> entries)
{
    private const string File = "/proc/self/mountinfo";
    private const string DeletedSource = "//deleted";

    public static MountTable Read() => Parse(System.IO.File.ReadLines(File));

    public static MountTable Parse(IEnumerable<string> lines) => new([.. lines.Select(ParseLine).OfType<MountEntry>()]);

    /// <summary>What is mounted exactly there, the topmost (which is what readers see) last.</summary>
    public IReadOnlyList<MountEntry> At(string path)
    {
        var there = entries.Where(e => e.Point == path).ToList();
        var stack = new List<MountEntry>();
        // A mount that is stacked on another has that one as its parent.
        for (var at = there.Find(e => there.TrueForAll(o => o.Id != e.Parent)); at is not null; at = there.Find(e => e.Parent == at!.Id && !stack.Contains(e))) stack.Add(at);
        return stack;
    }

    /// <summary>Whether an entry shows the file or folder that was mounted from <paramref name="source"/>, whatever file system that is on.</summary>
    public static bool Shows(MountEntry entry, string source)
    {
        var root = entry.Root.EndsWith(DeletedSource, StringComparison.Ordinal) ? entry.Root[..^DeletedSource.Length] : entry.Root;
        // The last two parts are the start's own id and a number; what is before depends on where the file system begins.
        var parts = source.Split('/');
        return root.EndsWith($"/{parts[^2]}/{parts[^1]}", StringComparison.Ordinal);
    }

    private static MountEntry? ParseLine(string line)
    {
        var words = line.Split(' ');
        return words.Length > 4 && int.TryParse(words[0], out var id) && int.TryParse(words[1], out var parent)
            ? new MountEntry(id, parent, Unescape(words[3]), Unescape(words[4]))
            : null;
    }

    /// <summary>Blanks, tabs, line ends and backslashes are three octal digits.</summary>
    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal)) return text;
        var bytes = new List<byte>();
        var raw = Encoding.UTF8.GetBytes(text);
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] == '\\' && i + 3 < raw.Length)
            {
                bytes.Add((byte)(((raw[i + 1] - '0') << 6) | ((raw[i + 2] - '0') << 3) | (raw[i + 3] - '0')));
                i += 3;
            }
            else
            {
                bytes.Add(raw[i]);
            }
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }
}
