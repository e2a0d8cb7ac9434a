namespace Kache.Exchanges;

/// <summary>Which bytes of a whole are there, as ranges that neither touch nor overlap. Pure.</summary>
internal sealed class ByteCoverage
{
    private readonly List<(long First, long End)> _ranges = [];

    /// <summary>How many bytes are there.</summary>
    public long Length { get; private set; }

    public void Add(long first, long length)
    {
        if (length <= 0) return;
        var (start, end) = (first, first + length);
        var at = _ranges.FindIndex(range => range.End >= start);
        if (at < 0) at = _ranges.Count;
        while (at < _ranges.Count && _ranges[at].First <= end)
        {
            (start, end) = (Math.Min(start, _ranges[at].First), Math.Max(end, _ranges[at].End));
            Length -= _ranges[at].End - _ranges[at].First;
            _ranges.RemoveAt(at);
        }
        _ranges.Insert(at, (start, end));
        Length += end - start;
    }

    public bool Covers(long first, long length) => length == 0 || _ranges.Exists(range => range.First <= first && first + length <= range.End);
}
