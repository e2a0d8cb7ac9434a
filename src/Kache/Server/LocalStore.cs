using Kache.Api;
using Kache.Certificates;
using Kache.Sessions;
using Kache.Store;

namespace Kache.Server;

/// <summary>The handlers in this process, on a data folder whose server does not run.</summary>
internal static class LocalStore
{
    public static async Task<IKacheApi> OpenAsync(string folder, SessionRules rules, TimeProvider clock, CancellationToken cancellation)
    {
        var store = await DataStore.OpenAsync(folder, StoreAccess.Companion, clock, cancellation);
        var authority = new Lazy<CertificateAuthority>(() => CertificateAuthority.OpenOrCreate(DataFolder.Ca(folder), clock));
        var facts = new ServerFacts { Version = ProgramVersion.Text, Description = $"store {folder} (this process)" };
        return new KacheApi(new ApiParts(store, null, () => authority.Value, facts, new RecordingQuestions(rules.Matching, clock), clock), Caller.Local, async () =>
        {
            if (authority.IsValueCreated) authority.Value.Dispose();
            await store.DisposeAsync();
        });
    }
}
