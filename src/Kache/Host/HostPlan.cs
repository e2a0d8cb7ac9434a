namespace Kache.Host;

/// <param name="Path">No part of it is a symlink. It may be missing.</param>
/// <param name="Needed">Without it nothing works; others are told and left out when they cannot be changed.</param>
internal sealed record PlannedFile(string Path, Edit Edit, bool Needed = false);

/// <summary>A folder of roots with what changes in it.</summary>
/// <param name="Links">Symlinks to add: path relative to the folder, and where they lead.</param>
internal sealed record PlannedFolder(string Path, IReadOnlyList<FolderEdit> Edits, IReadOnlyDictionary<string, string> Links);

/// <summary>Everything that start will change, found before anything is.</summary>
/// <param name="Swept">Where roots may be on machines like this one.</param>
internal sealed record HostPlan(
    IReadOnlyList<PlannedFolder> Folders, IReadOnlyList<PlannedFile> Files, IReadOnlyList<string> Swept, IReadOnlyList<string> Notes);
