using System.Net;

namespace Kache.Api;

/// <summary>Who asks, found out before any handler runs.</summary>
/// <param name="Token">The token's name; null for the local user, who owns the data folder.</param>
/// <param name="Address">Source address over TCP; null over the Unix socket and in this process.</param>
/// <param name="ReachedAt">The address of ours that the caller came to; null when it did not come over TCP.</param>
internal sealed record Caller(string? Token, AllowList Allow, IPAddress? Address, IPAddress? ReachedAt)
{
    public static readonly Caller Local = new(null, AllowList.Everything, null, null);

    /// <summary>A session belongs to the token that opened it; an administrator sees all.</summary>
    public bool Owns(string? ownerToken) => Allow.IsAdmin || (Token is not null && Token == ownerToken);
}
