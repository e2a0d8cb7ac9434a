namespace Kache.Sessions;

/// <summary>Makes the engine of one mode. A server that only plays back is composed without the recording one.</summary>
internal interface ISessionEngineFactory
{
    SessionMode Mode { get; }

    /// <summary>Opens what the session needs: its journal (new, or as a crash left it), or its recording.</summary>
    /// <exception cref="IOException">The store cannot give it; the message says why.</exception>
    Task<ISessionEngine> CreateAsync(SessionSetup setup, CancellationToken cancellation);
}

/// <summary>What an engine is told about its session.</summary>
/// <param name="Resolved">The recording to play; null in record.</param>
/// <param name="Log">Where answers are listed.</param>
internal sealed record SessionSetup(string Id, SessionMode Mode, SessionOptions Options, Exchanges.Digest? Resolved, SessionLog Log);
