using System.Text;

namespace Kache.Host;

/// <summary>A configuration file as lines. Latin-1 both ways: whatever is not ours comes back byte for byte.</summary>
internal static class TextLines
{
    /// <summary>Every line of ours is under one of these, or is told by what it says.</summary>
    public const string Mark = "# kache: ";

    public static string Read(byte[]? content) => content is null ? "" : Encoding.Latin1.GetString(content);

    public static byte[] Write(string text) => Encoding.Latin1.GetBytes(text);

    public static List<string> Split(string text)
    {
        var lines = text.Split('\n').ToList();
        // What follows the last line's end is no line.
        if (lines[^1].Length == 0) lines.RemoveAt(lines.Count - 1);
        return lines;
    }

    public static string Join(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));

    public static bool IsMark(string line) => line.StartsWith(Mark, StringComparison.Ordinal);
}
