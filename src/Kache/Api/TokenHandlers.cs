using System.Text.RegularExpressions;
using Kache.Store;

namespace Kache.Api;

/// <summary>Tokens: made, listed and revoked by administrators only.</summary>
internal sealed partial class TokenHandlers(ApiParts parts, Caller caller)
{
    public async Task<TokenCreated> CreateAsync(CreateToken request, CancellationToken cancellation)
    {
        RequireAdmin();
        if (!NameForm().IsMatch(request.Name) || request.Name == ApiTokens.LocalName)
            throw new KacheException("invalid", $"'{request.Name}' cannot be a token's name: it takes letters, digits, dots, dashes and underscores, 64 at most, and '{ApiTokens.LocalName}' is taken.");
        if (!AllowList.TryParse(request.Allow, out _, out var mistake)) throw new KacheException("invalid", mistake);
        var token = ApiTokens.Create();
        var entry = new TokenEntry(request.Name, ApiTokens.Hash(token), request.Allow, parts.Clock.GetUtcNow());
        if (!await parts.Store.Catalog.AddTokenAsync(entry, cancellation))
            throw new KacheException("conflict", $"There is a token '{request.Name}' already. Revoke it first (kache token revoke {request.Name}), or choose another name.");
        return new TokenCreated(request.Name, token);
    }

    public async Task<IReadOnlyList<TokenInfo>> ListAsync(CancellationToken cancellation)
    {
        RequireAdmin();
        return [.. (await parts.Store.Catalog.TokensAsync(cancellation)).Select(t => new TokenInfo(t.Name, t.Allow, t.CreatedAt))];
    }

    public async Task RevokeAsync(string name, CancellationToken cancellation)
    {
        RequireAdmin();
        if (!await parts.Store.Catalog.RemoveTokenAsync(name, cancellation))
            throw new KacheException("not_found", $"There is no token '{name}'. 'kache token ls' lists them.");
    }

    private void RequireAdmin()
    {
        if (!caller.Allow.IsAdmin) throw new KacheException("not_allowed", "Tokens are an administrator's business: the token in use lacks 'admin'.");
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex NameForm();
}
