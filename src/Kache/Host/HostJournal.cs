using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kache.Host;

[JsonConverter(typeof(JsonStringEnumConverter<HostPhase>))]
internal enum HostPhase
{
    /// <summary>Start is at work, or was when it ended: nothing of it counts.</summary>
    Starting,

    /// <summary>Start said that it worked.</summary>
    Active,

    /// <summary>The machine is as it was; the session is still to be ended.</summary>
    Undone,
}

/// <summary>Whom a session was opened with, so that stop asks the same.</summary>
/// <param name="Url">A server that was logged in to; null for the local one.</param>
/// <param name="Data">The local data folder.</param>
/// <param name="Process">Of a server that start brought up: its id and, against reuse of the id, when it began.</param>
internal sealed record HostServer(string? Url, string? Data, ServerProcess? Process);

internal sealed record ServerProcess(int Id, string Began);

/// <summary>
/// What start did to this machine, on disk before it is done; at most one at a time. In it is all that undoing needs.
/// </summary>
internal sealed record HostJournal
{
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;

    /// <summary>Of this start: names its folders.</summary>
    public required string Id { get; init; }

    public required HostPhase Phase { get; init; }

    /// <summary>When the machine was booted; mounts do not survive another.</summary>
    public required string Boot { get; init; }

    /// <summary>The mount namespace that was changed.</summary>
    public required string Namespace { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required string Mode { get; init; }

    public required string Tag { get; init; }

    public required HostServer Server { get; init; }

    public string? Session { get; init; }

    /// <summary>What was asked before the machine was changed.</summary>
    public IReadOnlyList<string> Resolvers { get; init; } = [];

    public HostFacts? Facts { get; init; }

    public IReadOnlyList<HostStep> Steps { get; init; } = [];

    /// <summary>For messages: <c>record session s-1 (example1)</c>.</summary>
    public override string ToString() => Session is null ? $"{Mode} session ({Tag})" : $"{Mode} session {Session} ({Tag})";
}

/// <summary>The journal's file.</summary>
internal sealed class JournalFile(HostPaths paths)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public HostJournal? Read()
    {
        if (SafeFile.Read(paths.Journal) is not { } content) return null;
        try
        {
            var journal = JsonSerializer.Deserialize(content, HostJson.Default.HostJournal);
            if (journal?.Format == HostJournal.CurrentFormat) return journal;
            throw new HostException($"{paths.Journal} was written by another version of Kache (format {journal?.Format}): undo it with that version.");
        }
        catch (JsonException malformed)
        {
            throw new HostException($"{paths.Journal} cannot be read ({malformed.Message}), so it is not known what start changed. A reboot undoes mounts; the folders beside it hold the originals of files.", malformed);
        }
    }

    /// <summary>Returns when it is on disk.</summary>
    public void Write(HostJournal journal)
    {
        var fresh = paths.Journal + ".new";
        SafeFile.WriteNew(fresh, JsonSerializer.SerializeToUtf8Bytes(journal, HostJson.Default.HostJournal), OwnerOnly);
        File.Move(fresh, paths.Journal, overwrite: true);
        HostCalls.FlushFolder(paths.State);
    }

    public void Delete()
    {
        File.Delete(paths.Journal);
        HostCalls.FlushFolder(paths.State);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HostJournal))]
internal sealed partial class HostJson : JsonSerializerContext;
