namespace Kache.Cli.Output;

/// <summary>Columns for people: aligned, no lines, nothing cut, so that it can be copied and searched.</summary>
internal sealed class Table(params string[] heads)
{
    private const string Gap = "  ";

    private readonly List<string[]> _rows = [];
    private readonly HashSet<int> _numbers = [];

    /// <summary>A column of numbers is aligned to the right.</summary>
    public Table Numbers(params int[] columns)
    {
        _numbers.UnionWith(columns);
        return this;
    }

    public void Add(params string[] cells) => _rows.Add(cells);

    public void Write(TextWriter output)
    {
        var widths = heads.Select((head, column) => _rows.Select(row => row[column].Length).Append(head.Length).Max()).ToArray();
        WriteRow(output, heads, widths);
        foreach (var row in _rows) WriteRow(output, row, widths);
    }

    private void WriteRow(TextWriter output, string[] cells, int[] widths) =>
        output.WriteLine(string.Join(Gap, cells.Select((cell, column) => _numbers.Contains(column) ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd());
}
