using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Kache.Store;

namespace Kache.Api;

/// <summary>Bearer tokens: <c>kache_</c> and 32 random bytes. What is kept is their SHA-256, which needs no salt: they cannot be guessed.</summary>
/// <param name="localToken">The administrator's token of this data folder (<c>local.token</c>); null when there is none.</param>
internal sealed class ApiTokens(Catalog catalog, string? localToken)
{
    public const string Prefix = "kache_";

    /// <summary>The name under which the folder's own token acts; no other token can have it.</summary>
    public const string LocalName = "local";

    private readonly byte[]? _localHash = localToken is null ? null : Hash(localToken);

    public static string Create() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>The name and rights of a presented token, or null. Looks at every token, in constant time each.</summary>
    public async Task<(string Name, AllowList Allow)?> FindAsync(string presented, CancellationToken cancellation)
    {
        var hash = Hash(presented);
        (string, AllowList)? found = null;
        if (_localHash is not null && CryptographicOperations.FixedTimeEquals(hash, _localHash)) found = (LocalName, AllowList.Everything);
        foreach (var token in await catalog.TokensAsync(cancellation))
        {
            if (CryptographicOperations.FixedTimeEquals(hash, token.Hash)) found = (token.Name, AllowList.Of(token.Allow));
        }
        return found;
    }
}
