using Kache.Dns;
using Kache.Exchanges;
using Kache.Sessions;
using Kache.Store;
using Kache.Upstream;
using Microsoft.AspNetCore.Connections;

namespace Kache.Recording;

/// <summary>A record session at work: forwards what its client asks for and keeps every exchange in its journal.</summary>
internal sealed class Recorder : ISessionEngine
{
    public Recorder(
        SessionSetup setup, SessionJournal journal, UpstreamHttp http, Dialer dialer, UpstreamNames names, UpstreamOptions options,
        TimeProvider clock, ILogger<Recorder> logger)
    {
        Journal = journal;
    }

    /// <summary>What is sealed when the session has been drained. The session directory owns its end: sealing, then removal.</summary>
    public SessionJournal Journal { get; }

    public Task HandleAsync(HttpContext context, RequestRoute route) => throw new NotImplementedException();

    public Task TunnelAsync(ConnectionContext client, Authority destination, TunnelReason reason) => throw new NotImplementedException();

    public ValueTask<NameAnswer> LookUpAsync(string name, int type, CancellationToken cancellation) => throw new NotImplementedException();

    public SessionReport Report() => throw new NotImplementedException();

    public Task DrainAsync(TimeSpan limit, CancellationToken cancellation) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
