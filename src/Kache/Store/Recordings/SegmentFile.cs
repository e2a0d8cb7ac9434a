using System.Security.Cryptography;
using Kache.Exchanges;
using Kache.Store.Folder;

namespace Kache.Store.Recordings;

/// <summary>Reads segments from their beginning to their end, and compares the digest.</summary>
internal static class SegmentFile
{
    public static ReadOnlySpan<byte> ExchangesHead => "kache exchanges 1\n"u8;

    public static ReadOnlySpan<byte> NamesHead => "kache names 1\n"u8;

    public static ReadOnlySpan<byte> GapsHead => "kache gaps 1\n"u8;

    // The size in front of a record.
    private const int LongestNumber = 10;

    internal delegate void RecordReader(long offset, ReadOnlySpan<byte> record);

    /// <param name="each">Told every record and where it begins; what it was told counts only when this returns.</param>
    /// <exception cref="DataFolderException">Missing or damaged.</exception>
    public static void Read(StorePaths paths, in SegmentReference segment, ReadOnlySpan<byte> head, RecordReader each, CancellationToken cancellation = default)
    {
        try
        {
            using var file = Disk.OpenRead(paths.Segment(segment.Digest));
            using var window = new FileWindow(file);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            if (window.FileLength != segment.Length || !window.At(0, head.Length).SequenceEqual(head)) throw Damaged(segment);
            hash.AppendData(head);
            long offset = head.Length, count = 0;
            while (offset < segment.Length)
            {
                cancellation.ThrowIfCancellationRequested();
                var number = new CanonicalReader(window.At(offset, LongestNumber));
                var before = number.Remaining;
                var size = (int)number.Number(int.MaxValue);
                var prefix = before - number.Remaining;
                var whole = window.At(offset, prefix + size);
                if (whole.Length != prefix + size) throw Damaged(segment);
                hash.AppendData(whole);
                each(offset + prefix, whole[prefix..]);
                offset += whole.Length;
                count++;
            }
            if (count != segment.Count || new Digest(hash.GetHashAndReset()) != segment.Digest) throw Damaged(segment);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataFolderException($"The segment {segment.Digest} of a recording is missing in {paths.Folder}. Put a copy in its place, or pull the recording again.", e);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(segment, e);
        }
    }

    private static DataFolderException Damaged(in SegmentReference segment, Exception? inner = null) =>
        new($"The segment {segment.Digest} of a recording is damaged: its bytes are not those that were written. Put a copy in its place, or pull the recording again.", inner);
}
