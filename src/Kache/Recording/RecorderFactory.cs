using Kache.Sessions;
using Kache.Store;
using Kache.Upstream;

namespace Kache.Recording;

/// <summary>Makes record sessions: the only ones with a way out.</summary>
internal sealed class RecorderFactory(
    DataStore store, UpstreamHttp http, Dialer dialer, UpstreamNames names, UpstreamOptions options, TimeProvider clock, ILoggerFactory loggers)
    : ISessionEngineFactory
{
    public SessionMode Mode => SessionMode.Record;

    public async Task<ISessionEngine> CreateAsync(SessionSetup setup, CancellationToken cancellation)
    {
        var journal = await store.OpenJournalAsync(setup.Id, cancellation);
        return new Recorder(setup, journal, http, dialer, names, options, clock, loggers.CreateLogger<Recorder>());
    }
}
