using Kache.Api;
using Kache.Cli.Settings;
using Kache.Store;

namespace Kache.Cli.Connection;

/// <summary>A tag that is not here may be in the other local store: root's and the user's are easily mixed up.</summary>
internal static class OtherStores
{
    public static async Task<KacheException> HintAsync(KacheException unknown, string? asked, string? folder, Shell shell, CancellationToken cancellation)
    {
        if (!Reference.TryParse(asked, out var reference)) return unknown;
        foreach (var other in new[] { Folders.SystemData, Folders.UserData(shell.Variable) })
        {
            if (other == folder || !File.Exists(new StorePaths(other).Catalog)) continue;
            if (await HasAsync(other, reference, shell.Clock, cancellation))
                return new KacheException(unknown.Token, $"{unknown.Message} It is in the store {other}: add '--data {other}'.", unknown);
        }
        return unknown;
    }

    private static async Task<bool> HasAsync(string folder, Reference reference, TimeProvider clock, CancellationToken cancellation)
    {
        try
        {
            await using var store = await DataStore.OpenAsync(folder, StoreAccess.Companion, clock, cancellation);
            return await store.ResolveAsync(reference, cancellation) is Resolution.Found;
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException)
        {
            // Not ours to read: no hint.
            return false;
        }
    }
}
