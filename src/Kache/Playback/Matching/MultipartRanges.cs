using System.Globalization;
using System.Text;

namespace Kache.Playback.Matching;

/// <summary>The heads between the parts of a multipart/byteranges body (RFC 9110 §14.6). Pure.</summary>
internal sealed class MultipartRanges
{
    private readonly string _boundary;

    /// <param name="body">The whole body: its digest makes a boundary that it does not hold.</param>
    /// <param name="contentType">Of the whole; null when it has none.</param>
    public MultipartRanges(Exchanges.Body body, string? contentType, IReadOnlyList<ByteRange> ranges)
    {
        _boundary = body.Digest.Hex[..32];
        Parts = [.. ranges.Select((range, index) => (Head(index, range, body.Length, contentType), range))];
        End = Encoding.Latin1.GetBytes($"\r\n--{_boundary}--\r\n");
        Length = Parts.Sum(part => part.Head.Length + part.Range.Length) + End.Length;
    }

    public string ContentType => $"multipart/byteranges; boundary={_boundary}";

    public IReadOnlyList<(byte[] Head, ByteRange Range)> Parts { get; }

    public byte[] End { get; }

    public long Length { get; }

    private byte[] Head(int index, ByteRange range, long length, string? contentType)
    {
        var head = new StringBuilder(index == 0 ? "" : "\r\n").Append("--").Append(_boundary).Append("\r\n");
        if (contentType is not null) head.Append("Content-Type: ").Append(contentType).Append("\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Content-Range: bytes {range}/{length}\r\n\r\n");
        return Encoding.Latin1.GetBytes(head.ToString());
    }
}
