namespace Kache.Host;

/// <summary>A change of this machine that was not possible; the message says which, why, and what to do.</summary>
internal sealed class HostException(string message, Exception? inner = null) : Exception(message, inner);
