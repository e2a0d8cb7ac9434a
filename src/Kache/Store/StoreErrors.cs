using Kache.Exchanges;

namespace Kache.Store;

/// <summary>The disk has no room for more.</summary>
internal sealed class StoreFullException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>Stored bytes differ from what was recorded.</summary>
internal sealed class CorruptBodyException(Digest digest, string detail)
    : IOException($"The stored body {digest} is damaged: {detail}. Nothing of the damaged part was sent. Run 'kache verify' to see what else is affected.")
{
    public Digest Digest { get; } = digest;
}

/// <summary>The data folder cannot be used; the message says why and what to do.</summary>
internal sealed class DataFolderException(string message, Exception? inner = null) : IOException(message, inner);
