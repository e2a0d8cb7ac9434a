using System.Text;

namespace Kache.EndToEnd.Wire;

/// <summary>How the bytes of an answer came to an end.</summary>
internal enum AnswerEnd
{
    /// <summary>As its framing promised.</summary>
    Whole,

    /// <summary>Before its framing said so.</summary>
    Broken,
}

/// <summary>An HTTP/1.1 answer as it stood on the wire; text is Latin-1, a character a byte.</summary>
internal sealed record HttpAnswer(string StatusLine, IReadOnlyList<(string Name, string Value)> Fields, byte[] Body, IReadOnlyList<(string Name, string Value)> Trailers, AnswerEnd End, IReadOnlyList<string> Interim)
{
    public int Status => int.Parse(StatusLine.Split(' ')[1], provider: null);

    public string Reason => StatusLine.Split(' ', 3) is [_, _, var reason] ? reason : "";

    public string Text => Encoding.UTF8.GetString(Body);

    public IReadOnlyList<string> Values(string name) => [.. Fields.Where(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(f => f.Value)];

    public string? Value(string name) => Values(name) is [var value, ..] ? value : null;

    public override string ToString() =>
        $"{StatusLine}\n{string.Join('\n', Fields.Select(f => $"{f.Name}: {f.Value}"))}\n\n{Text[..Math.Min(Text.Length, 2000)]}\n({End}, {Body.Length} bytes)";
}
