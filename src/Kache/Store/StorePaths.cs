using Kache.Exchanges;

namespace Kache.Store;

/// <summary>
/// Where everything of the store is. Every path is made here and nowhere else; docs/store-format.md tells what the files hold.
/// <code>
/// version                          the format's number
/// lock                             held by the one server; its process id
/// reserve                          room for opening the store on a full disk
/// kache.db                         tags, sessions, tokens (SQLite)
/// recordings/sha256/ab/abcd…       root manifests
/// segments/sha256/ab/abcd…         exchanges, look-ups and gaps of recordings
/// blobs/sha256/ab/abcd…            large bodies
/// packs/SESSION-N.pack             small bodies
/// sessions/SESSION/journal         what a session has recorded and not sealed
/// sessions/SESSION/N.tmp           what it is writing
/// derived/                         all that can be made again:
/// derived/bodies.db                where packed bodies lie (SQLite)
/// derived/sums/sha256/ab/abcd…     sums of each MiB of a blob
/// derived/indexes/sha256/ab/abcd…  indexes of recordings
/// </code>
/// </summary>
internal sealed class StorePaths(string folder)
{
    private const string Algorithm = "sha256";
    private const string PackSuffix = ".pack";

    /// <summary>What is being written ends so.</summary>
    public const string Unfinished = ".tmp";

    public string Folder { get; } = folder;

    public string Version => In("version");

    public string Lock => In("lock");

    public string Reserve => In("reserve");

    public string Catalog => In("kache.db");

    public string Recordings => In("recordings", Algorithm);

    public string Segments => In("segments", Algorithm);

    public string Blobs => In("blobs", Algorithm);

    public string Packs => In("packs");

    public string Sessions => In("sessions");

    public string Bodies => In("derived", "bodies.db");

    public string Sums => In("derived", "sums", Algorithm);

    public string Indexes => In("derived", "indexes", Algorithm);

    /// <summary>Folders that are there in every store, outer ones first.</summary>
    public IEnumerable<string> Folders =>
    [
        In("recordings"), Recordings, In("segments"), Segments, In("blobs"), Blobs, Packs, Sessions,
        In("derived"), In("derived", "sums"), Sums, In("derived", "indexes"), Indexes,
    ];

    public string Recording(Digest digest) => Sharded(Recordings, digest);

    public string Segment(Digest digest) => Sharded(Segments, digest);

    public string Blob(Digest digest) => Sharded(Blobs, digest);

    public string SumsOf(Digest blob) => Sharded(Sums, blob);

    public string Index(Digest recording) => Sharded(Indexes, recording);

    public string Session(string id) => Path.Combine(Sessions, CheckedId(id));

    public string Journal(string sessionId) => Path.Combine(Session(sessionId), "journal");

    public string Pack(string name) => Path.Combine(Packs, name + PackSuffix);

    public static string PackName(string sessionId, int number) => FormattableString.Invariant($"{CheckedId(sessionId)}-{number}");

    /// <summary>Names of the packs that are there: all, or those of a session in the order in which they were made.</summary>
    public IReadOnlyList<string> PackNames(string? sessionId = null)
    {
        var prefix = sessionId is null ? "" : CheckedId(sessionId) + "-";
        var names = new DirectoryInfo(Packs).EnumerateFiles("*" + PackSuffix)
            .Select(file => file.Name[..^PackSuffix.Length])
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal));
        return [.. names.OrderBy(name => name.Length).ThenBy(name => name, StringComparer.Ordinal)];
    }

    /// <summary>Digests of the files in a sharded folder whose hexadecimal digits begin so, sorted.</summary>
    public static IReadOnlyList<Digest> Digests(string sharded, string prefix)
    {
        var digests = new List<Digest>();
        var shards = prefix.Length >= 2 ? [Path.Combine(sharded, prefix[..2])] : Directory.GetDirectories(sharded);
        foreach (var shard in shards)
        {
            if (!Directory.Exists(shard)) continue;
            foreach (var file in Directory.EnumerateFiles(shard, prefix + "*"))
                if (Digest.TryParse(Path.GetFileName(file), out var digest)) digests.Add(digest);
        }
        digests.Sort();
        return digests;
    }

    private static string Sharded(string folder, Digest digest)
    {
        var hex = digest.Hex;
        return Path.Combine(folder, hex[..2], hex);
    }

    private string In(params ReadOnlySpan<string> parts) => Path.Combine([Folder, .. parts]);

    // It becomes part of paths: nothing but what session identifiers are made of.
    private static string CheckedId(string id) =>
        id.Length > 0 && !id.AsSpan().ContainsAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789")
            ? id : throw new ArgumentException($"'{id}' is not a session's identifier: lower-case letters and digits.", nameof(id));
}
