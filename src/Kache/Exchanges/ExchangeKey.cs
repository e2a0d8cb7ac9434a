using System.Text;

namespace Kache.Exchanges;

/// <summary>
/// What makes two requests the same: method, scheme, authority, target as received, and the digest
/// of what the request body means (<see cref="Bodies.CanonicalBody"/>). Host joins when it names another host than the one dialled.
/// Derived from an exchange, never kept under a digest.
/// </summary>
internal readonly record struct ExchangeKey(string Method, string Scheme, Authority Authority, string? Host, string Target, Digest Body)
{
    /// <summary>Raised whenever equal requests get other keys than before: indexes that were made by other rules are made again.</summary>
    public const int Rules = 1;

    /// <param name="body">What the request's body means.</param>
    public static ExchangeKey Of(RecordedRequest request, Digest body) =>
        Of(request.Method, request.Scheme, request.Authority, request.Fields.First("host"), request.Target, body);

    public static ExchangeKey Of(string method, string scheme, Authority authority, string? host, string target, Digest body)
    {
        var differs = host is not null
            && Authority.TryParse(host, scheme == "https" ? 443 : 80, out var named)
            && named != authority;
        return new ExchangeKey(method, scheme, authority, differs ? host!.ToLowerInvariant() : null, target, body);
    }

    /// <summary>64 bits to look the key up by; equal keys have equal hashes on every machine.</summary>
    public ulong Hash()
    {
        Span<byte> body = stackalloc byte[Digest.Size];
        Body.CopyTo(body);
        var hash = new System.IO.Hashing.XxHash3();
        Add(hash, Method);
        Add(hash, Scheme);
        Add(hash, Authority.ToString());
        Add(hash, Host ?? "");
        Add(hash, Target);
        hash.Append(body);
        return hash.GetCurrentHashAsUInt64();
    }

    private static void Add(System.IO.Hashing.XxHash3 hash, string text)
    {
        hash.Append(Encoding.UTF8.GetBytes(text));
        hash.Append([0]);
    }
}
