using System.Net;
using Kache.Exchanges;
using Kache.Store;

namespace Kache.Sessions;

/// <summary>One client's use of one reference in one mode, from start to stop.</summary>
internal sealed class Session
{
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenSource _ended = new();

    public required string Id { get; init; }

    public required SessionMode Mode { get; init; }

    /// <summary>As the user gave it.</summary>
    public required Reference Reference { get; init; }

    /// <summary>The recording being played back, resolved once at start; null in record.</summary>
    public Digest? Resolved { get; init; }

    /// <summary>SHA-256 of the secret for the explicit proxy.</summary>
    public required byte[] SecretHash { get; init; }

    /// <summary>Source addresses that belong to this session; empty for one used by its secret only.</summary>
    public required IReadOnlyList<IPAddress> Clients { get; init; }

    /// <summary>Name of the API token that opened it; null for the local user.</summary>
    public string? OwnerToken { get; init; }

    public required SessionOptions Options { get; init; }

    public required DateTimeOffset OpenedAt { get; init; }

    public required ISessionEngine Engine { get; init; }

    public required SessionLog Log { get; init; }

    /// <summary>What tells others that this process has it; null in a server, which has all that are not held.</summary>
    public SessionHold? Hold { get; init; }

    /// <summary>Cancelled when the session begins to end: connections finish what they are at and take nothing new.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>Cancelled when it has ended: what is still open is broken off.</summary>
    public CancellationToken Ended => _ended.Token;

    internal Task BeginEndAsync() => _ending.CancelAsync();

    internal async Task EndAsync()
    {
        await _ending.CancelAsync();
        await _ended.CancelAsync();
    }
}
