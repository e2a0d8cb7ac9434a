using System.Globalization;
using System.Text;
using Kache.Exchanges;

namespace Kache.Store.Recordings;

/// <summary>A file of a recording.</summary>
/// <param name="Count">Records in it.</param>
/// <param name="Length">Of the file.</param>
internal readonly record struct SegmentReference(long Count, long Length, Digest Digest);

/// <summary>
/// The root of a recording: text, whose SHA-256 is the recording's digest (docs/store-format.md, "Recordings"). One text
/// for each recording, so reading refuses every other way to write it.
/// </summary>
/// <param name="Exchanges">Segments of exchanges, earlier ones first.</param>
internal sealed record Manifest(IReadOnlyList<SegmentReference> Exchanges, SegmentReference? Names, SegmentReference? Gaps)
{
    // A segment holds some ten thousand exchanges: this is for a hundred million of them.
    private const int LongestFile = 1024 * 1024;

    private const string Head = "kache recording 1";

    public long Requests => Exchanges.Sum(segment => segment.Count);

    public byte[] Encode()
    {
        var text = new StringBuilder(Head).Append('\n');
        foreach (var segment in Exchanges) Line(text, "exchanges", segment);
        if (Names is { } names) Line(text, "names", names);
        if (Gaps is { } gaps) Line(text, "gaps", gaps);
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <exception cref="InvalidDataException">Not a manifest.</exception>
    public static Manifest Parse(ReadOnlySpan<byte> bytes)
    {
        var lines = Encoding.ASCII.GetString(bytes).Split('\n');
        if (lines.Length < 2) throw Malformed();
        var exchanges = new List<SegmentReference>();
        SegmentReference? names = null, gaps = null;
        foreach (var line in lines[1..^1])
        {
            var parts = line.Split(' ');
            var segment = Segment(parts);
            switch (parts[0])
            {
                case "exchanges": exchanges.Add(segment); break;
                case "names": names = segment; break;
                case "gaps": gaps = segment; break;
                default: throw Malformed();
            }
        }
        var manifest = new Manifest(exchanges, names, gaps);
        return bytes.SequenceEqual(manifest.Encode()) ? manifest : throw Malformed();
    }

    /// <exception cref="DataFolderException">It is not here, or its bytes have another digest.</exception>
    public static Manifest Read(StorePaths paths, in Digest digest)
    {
        byte[] bytes;
        try
        {
            var file = new FileInfo(paths.Recording(digest));
            if (file is { Exists: true, Length: > LongestFile }) throw Damaged(digest);
            bytes = File.ReadAllBytes(file.FullName);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataFolderException($"The recording {digest} is not in {paths.Folder}. 'kache ls' lists what is.", e);
        }
        if (Digest.Of(bytes) != digest) throw Damaged(digest);
        try
        {
            return Parse(bytes);
        }
        catch (InvalidDataException e)
        {
            throw new DataFolderException($"The recording {digest} is of a format that this kache does not know. Use the kache that made it.", e);
        }
    }

    private static SegmentReference Segment(string[] parts) =>
        parts.Length == 4
        && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
        && Digest.TryParse(parts[3], out var digest)
            ? new SegmentReference(count, length, digest)
            : throw Malformed();

    private static void Line(StringBuilder text, string what, in SegmentReference segment) =>
        text.Append(CultureInfo.InvariantCulture, $"{what} {segment.Count} {segment.Length} {segment.Digest}\n");

    private static InvalidDataException Malformed() => new("This is not the manifest of a recording.");

    private static DataFolderException Damaged(in Digest digest) =>
        new($"The manifest of the recording {digest} is damaged: its bytes have another digest. Put a copy in its place, or remove it: kache rm {digest}.");
}
