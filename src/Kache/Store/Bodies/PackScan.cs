using System.IO.Hashing;
using Kache.Exchanges;
using Kache.Store.Folder;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store.Bodies;

/// <summary>
/// Reads all of a pack: every frame whose body is whole. Frames are written side by side, so a crash or a full disk
/// leaves holes and torn frames in the middle; these are passed over.
/// </summary>
internal static class PackScan
{
    /// <param name="torn">Frames that begin well and whose bodies are not what their sums say.</param>
    public static IEnumerable<KeyValuePair<Digest, PackedBody>> Read(string name, SafeFileHandle pack, Action? torn = null)
    {
        using var window = new FileWindow(pack);
        if (!PackFrame.TryReadPackHead(window.At(0, PackFrame.HeadSize), out var seed)) yield break;
        var offset = (long)PackFrame.HeadSize;
        while (offset < window.FileLength)
        {
            if (PackFrame.TryReadHead(window.At(offset, PackFrame.HeadSize), seed, out var digest, out var length, out var sum))
            {
                var start = offset + PackFrame.HeadSize;
                if (IsWhole(window, start, length, sum))
                {
                    yield return new(digest, new PackedBody(name, start, length, sum));
                    offset = PackFrame.Aligned(start + length);
                    continue;
                }
                torn?.Invoke();
            }
            offset += PackFrame.Alignment;
        }
    }

    private static bool IsWhole(FileWindow window, long start, int length, ulong sum)
    {
        var body = window.At(start, length);
        return body.Length == length && XxHash3.HashToUInt64(body) == sum;
    }
}
