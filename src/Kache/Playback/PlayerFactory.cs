using Kache.Sessions;
using Kache.Store;
using Microsoft.Extensions.Logging;

namespace Kache.Playback;

/// <summary>Makes players. It has a store and no way out: nothing here can reach an origin.</summary>
/// <param name="expectHosts">Told which hosts a session is going to be asked for, so that their certificates can be made ahead.</param>
internal sealed class PlayerFactory(
    DataStore store, TimeProvider clock, ILoggerFactory loggers, Action<IEnumerable<string>>? expectHosts = null) : ISessionEngineFactory
{
    private readonly ILogger<Player> _log = loggers.CreateLogger<Player>();

    public SessionMode Mode => SessionMode.Playback;

    public async Task<ISessionEngine> CreateAsync(SessionSetup setup, CancellationToken cancellation)
    {
        if (setup.Resolved is not { } digest)
            throw new ArgumentException("Playback needs to know which recording to play", nameof(setup));
        var recording = await store.OpenRecordingAsync(digest, cancellation);
        expectHosts?.Invoke(recording.Hosts.Select(host => host.DialName));
        return new Player(recording, setup, clock, _log);
    }
}
