using System.Security.Cryptography;

namespace Kache.EndToEnd.Origins;

/// <summary>Bytes that look random and are the same in every run: no compression and no repetition makes them small.</summary>
internal static class DeterministicBytes
{
    public static byte[] Make(int length, int seed = 1)
    {
        var bytes = new byte[length];
        Keystream(seed).TransformBlock(bytes, 0, length & ~15, bytes, 0);
        return bytes;
    }

    public static async Task WriteAsync(string file, long length, int seed = 1)
    {
        using var transform = Keystream(seed);
        var (zeros, buffer) = (new byte[1 << 20], new byte[1 << 20]);
        await using var stream = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (long left = length; left > 0; left -= buffer.Length)
        {
            transform.TransformBlock(zeros, 0, zeros.Length, buffer, 0);
            await stream.WriteAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)));
        }
    }

    /// <summary>AES in CBC over zeros: each block depends on the one before.</summary>
    private static ICryptoTransform Keystream(int seed)
    {
        using var aes = Aes.Create();
        aes.Mode = CipherMode.CBC;
        aes.Padding = PaddingMode.None;
        var key = new byte[16];
        BitConverter.TryWriteBytes(key, seed);
        return aes.CreateEncryptor(key, new byte[16]);
    }
}
