using System.Text;

namespace Kache.Exchanges.Bodies;

/// <summary>
/// A request of git's smart protocol (gitprotocol-pack, gitprotocol-v2) by what it asks for (BEHAVIOUR C1). Lines between two
/// flushes are a set: wants, haves and capabilities come in any order. Who asks (<c>agent</c>, <c>session-id</c>) and whether a
/// person watches (<c>no-progress</c>, which git sends when it has no terminal) change nothing of what is fetched.
/// </summary>
internal static class GitMeaning
{
    /// <returns>Null for what is not pkt-lines.</returns>
    public static Digest? Of(ReadOnlySpan<byte> body)
    {
        if (!PktLines.TryRead(body, out var lines, out var rest)) return null;
        using var hash = new MeaningHash("git");
        var section = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            if (line.Kind == PktKind.Data)
            {
                AddTo(section, Encoding.Latin1.GetString(body[line.Payload]));
                continue;
            }
            End(hash, section);
            hash.Add((char)('0' + (int)line.Kind), []);
        }
        End(hash, section);
        // What a push carries.
        if (rest < body.Length) hash.Add('p', body[rest..]);
        return hash.Take();
    }

    private static void End(in MeaningHash hash, SortedSet<string> section)
    {
        foreach (var text in section) hash.Add('l', Encoding.Latin1.GetBytes(text));
        section.Clear();
    }

    private static void AddTo(SortedSet<string> section, string line)
    {
        var text = line.EndsWith('\n') ? line[..^1] : line;
        var (what, capabilities) = SplitFirst(text);
        if (capabilities is not null)
        {
            foreach (var capability in capabilities.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                // A line never begins with NUL.
                if (!SaysNothing(capability)) section.Add("\0" + capability);
        }
        if (!SaysNothing(what)) section.Add(what);
    }

    /// <summary>
    /// Before protocol 2 the first line carries capabilities: after the object's name of a <c>want</c>, after a NUL in a push.
    /// </summary>
    private static (string What, string? Capabilities) SplitFirst(string text)
    {
        var nul = text.IndexOf('\0', StringComparison.Ordinal);
        if (nul >= 0) return (text[..nul], text[(nul + 1)..]);
        if (!text.StartsWith("want ", StringComparison.Ordinal)) return (text, null);
        var space = text.IndexOf(' ', "want ".Length);
        return space < 0 ? (text, null) : (text[..space], text[(space + 1)..]);
    }

    private static bool SaysNothing(string line) =>
        line == "no-progress"
        || line.StartsWith("agent=", StringComparison.Ordinal)
        || line.StartsWith("session-id=", StringComparison.Ordinal);
}
