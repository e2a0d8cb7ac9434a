using System.Collections;
using System.Collections.Immutable;

namespace Kache.Exchanges;

/// <summary>One field line. Names are kept in lower case (RFC 9110 §5.1); values are bytes as Latin-1.</summary>
internal readonly record struct Field(string Name, string Value);

/// <summary>
/// The field lines of a message in the order received, duplicates apart. Hop-by-hop fields are
/// not among them: <see cref="HopByHop"/> says which those are.
/// </summary>
internal sealed class Fields : IReadOnlyList<Field>, IEquatable<Fields>
{
    public static readonly Fields None = new([]);

    private readonly ImmutableArray<Field> _lines;

    public Fields(ImmutableArray<Field> lines) => _lines = lines;

    public int Count => _lines.Length;

    public Field this[int index] => _lines[index];

    /// <summary>The first value of a field, or null. <paramref name="name"/> in lower case.</summary>
    public string? First(string name)
    {
        foreach (var line in _lines)
            if (line.Name == name) return line.Value;
        return null;
    }

    /// <summary>All lines of a field joined with a comma (RFC 9110 §5.2), or null when absent.</summary>
    public string? Combined(string name)
    {
        string? combined = null;
        foreach (var line in _lines)
            if (line.Name == name) combined = combined is null ? line.Value : combined + ", " + line.Value;
        return combined;
    }

    public bool Contains(string name) => First(name) is not null;

    public Fields Without(Func<string, bool> name)
    {
        foreach (var line in _lines)
            if (name(line.Name)) return new Fields([.. _lines.Where(l => !name(l.Name))]);
        return this;
    }

    public bool Equals(Fields? other) => other is not null && _lines.AsSpan().SequenceEqual(other._lines.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as Fields);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var line in _lines) hash.Add(line);
        return hash.ToHashCode();
    }

    public ImmutableArray<Field>.Enumerator GetEnumerator() => _lines.GetEnumerator();

    IEnumerator<Field> IEnumerable<Field>.GetEnumerator() => ((IEnumerable<Field>)_lines).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable)_lines).GetEnumerator();
}
