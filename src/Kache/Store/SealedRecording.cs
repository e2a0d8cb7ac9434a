using Kache.Exchanges;

namespace Kache.Store;

/// <summary>Where an exchange of a recording is: an opaque handle, smaller ones were recorded earlier.</summary>
internal readonly record struct ExchangeLocation(long Value);

/// <summary>
/// A sealed recording, open for playback. Look-ups go through an index that is derived from the
/// segments and mapped into memory; thread safe, no lock, no query.
/// </summary>
internal sealed class SealedRecording : IDisposable
{
    public Digest Digest => throw new NotImplementedException();

    public RecordingSummary Summary => throw new NotImplementedException();

    public IReadOnlyList<Gap> Gaps => throw new NotImplementedException();

    /// <summary>Different hosts (authorities) that the recording has exchanges with, sorted.</summary>
    public IReadOnlyList<Authority> Hosts => throw new NotImplementedException();

    /// <summary>Adds the locations of exchanges with this key to <paramref name="found"/>, in recorded order.</summary>
    public void Find(in ExchangeKey key, ICollection<ExchangeLocation> found) => throw new NotImplementedException();

    public ValueTask<Exchange> ReadAsync(ExchangeLocation location, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Every exchange in recorded order.</summary>
    public IAsyncEnumerable<Exchange> ReadAllAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>What was kept about a name and type, or null when it was never asked.</summary>
    public NameLookup? FindName(string name, int type) => throw new NotImplementedException();

    /// <summary>Opens a body for reading; null when the store does not hold it.</summary>
    public BodyReader? OpenBody(Digest digest) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
