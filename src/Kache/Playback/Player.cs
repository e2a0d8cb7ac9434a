using Kache.Dns;
using Kache.Exchanges;
using Kache.Sessions;
using Kache.Store;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Kache.Playback;

/// <summary>
/// Answers requests and names from one recording, for one session. It never dials: what the recording
/// does not hold is a miss, answered at once and told in the report.
/// </summary>
/// <param name="recording">Owned from here on.</param>
internal sealed class Player(SealedRecording recording, SessionSetup setup, TimeProvider clock, ILogger<Player> log) : ISessionEngine
{
    public Task HandleAsync(HttpContext context, RequestRoute route) => throw new NotImplementedException();

    public Task TunnelAsync(ConnectionContext client, Authority destination, TunnelReason reason) => throw new NotImplementedException();

    public ValueTask<NameAnswer> LookUpAsync(string name, int type, CancellationToken cancellation) => throw new NotImplementedException();

    public SessionReport Report() => throw new NotImplementedException();

    public Task DrainAsync(TimeSpan limit, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Every sequence of answers begins again.</summary>
    public void Rewind() => throw new NotImplementedException();

    public ValueTask DisposeAsync()
    {
        _ = (setup, clock, log);
        recording.Dispose();
        return ValueTask.CompletedTask;
    }
}
