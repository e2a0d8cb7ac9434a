namespace Kache.Sandbox;

/// <summary>What the sandbox's first process makes of its mount namespace, and whom it starts the command as.</summary>
internal sealed record InsidePlan
{
    /// <summary>The caller's, which the command gets back.</summary>
    public required uint User { get; init; }

    public required uint Group { get; init; }

    /// <summary>True when there is a user namespace around it; false for real root, who loses capabilities instead.</summary>
    public required bool HasUserNamespace { get; init; }

    /// <summary>Kache's certificate, PEM.</summary>
    public required string Ca { get; init; }

    /// <summary>What our own files inside are called: kache- and the start of the certificate's fingerprint.</summary>
    public required string Name { get; init; }

    /// <summary>record or playback: for the words in files.</summary>
    public required string Mode { get; init; }

    /// <summary>An existing folder of the caller's that nobody inside needs: files of ours are laid over it, in memory.</summary>
    public required string Workshop { get; init; }

    /// <summary>Folders that are empty inside: Kache's own, and those with sockets that lead around.</summary>
    public IReadOnlyList<string> EmptyFolders { get; init; } = [];

    /// <summary>Sockets that nobody answers inside.</summary>
    public IReadOnlyList<string> DeadSockets { get; init; } = [];

    /// <summary>Sockets in emptied folders that are there all the same.</summary>
    public IReadOnlyList<string> SharedSockets { get; init; } = [];

    /// <summary>Folders laid over others: source, then target.</summary>
    public IReadOnlyList<FolderOver> Folders { get; init; } = [];

    /// <summary>Variables that are set; null takes one away.</summary>
    public IReadOnlyDictionary<string, string?> Variables { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);
}

internal sealed record FolderOver(string Source, string Target);
