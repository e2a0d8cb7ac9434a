using System.Buffers;
using System.Security.Cryptography;
using Kache.Exchanges;
using Kache.Exchanges.Bodies;
using Microsoft.AspNetCore.Http;

namespace Kache.Playback;

/// <summary>
/// What a client's request body means, as a digest, computed while it streams by. A body whose meaning is known is held for as
/// long as it takes to read it, up to <see cref="CanonicalBody.LongestRead"/>; of any other nothing is kept.
/// </summary>
internal static class RequestDigest
{
    /// <exception cref="IOException">The client broke off, or its framing is wrong.</exception>
    /// <param name="ignored">Fields that the configuration leaves out; null for none.</param>
    /// <returns>The digest, and the one without those fields.</returns>
    public static async ValueTask<(Digest Meaning, Digest? ByRules)> ReadAsync(HttpContext context, IgnoredFields? ignored = null)
    {
        var fields = new RequestFields(context.Request.Headers);
        var (type, encoding) = (fields.Combined("content-type"), fields.Combined("content-encoding"));
        var held = CanonicalBody.IsRead(type, encoding) ? new ArrayBufferWriter<byte>() : null;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // The first read makes Kestrel send 100 Continue to a client that waits for it (BEHAVIOUR H13).
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(context.RequestAborted);
            if (held?.WrittenCount + read.Buffer.Length > CanonicalBody.LongestRead) held = null;
            foreach (var segment in read.Buffer)
            {
                hash.AppendData(segment.Span);
                held?.Write(segment.Span);
            }
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }
        if (held is null) return (new Digest(hash.GetHashAndReset()), null);
        var meaning = CanonicalBody.Of(type, encoding, held.WrittenMemory);
        return (meaning, ignored is null ? null : CanonicalBody.Of(type, encoding, held.WrittenMemory, ignored));
    }
}
