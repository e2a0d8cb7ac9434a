using Kache.Exchanges;
using Kache.Store.Folder;

namespace Kache.Store;

/// <summary>The disk has no room for more.</summary>
internal sealed class StoreFullException(string message, Exception? inner = null) : IOException(message, inner)
{
    public static StoreFullException On(string folder, Exception? inner = null) =>
        new($"The disk that holds {folder} is full. Make room there, or use a data folder on another disk.", inner);

    /// <summary>A failure to write, as it is told: a full disk is what everybody asks about.</summary>
    public static IOException Of(IOException failure, string folder) =>
        failure is not StoreFullException && Disk.IsFull(failure) ? On(folder, failure) : failure;
}

/// <summary>Stored bytes differ from what was recorded.</summary>
internal sealed class CorruptBodyException(Digest digest, string detail, Exception? inner = null)
    : IOException($"The stored body {digest} is damaged: {detail}. Nothing of the damaged part was sent. Run 'kache verify' to see what else is affected.", inner)
{
    public Digest Digest { get; } = digest;
}

/// <summary>The data folder cannot be used; the message says why and what to do.</summary>
internal sealed class DataFolderException(string message, Exception? inner = null) : IOException(message, inner);
