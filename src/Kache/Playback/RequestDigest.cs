using System.Security.Cryptography;
using Kache.Exchanges;
using Microsoft.AspNetCore.Http;

namespace Kache.Playback;

/// <summary>The digest of what a client sends, computed while it streams by; nothing of it is kept.</summary>
internal static class RequestDigest
{
    /// <exception cref="IOException">The client broke off, or its framing is wrong.</exception>
    public static async ValueTask<Digest> ReadAsync(HttpContext context)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // The first read makes Kestrel send 100 Continue to a client that waits for it (BEHAVIOUR H13).
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(context.RequestAborted);
            foreach (var segment in read.Buffer) hash.AppendData(segment.Span);
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }
        Span<byte> digest = stackalloc byte[Digest.Size];
        hash.GetHashAndReset(digest);
        return new Digest(digest);
    }
}
