using Microsoft.Data.Sqlite;

namespace Kache.Store.Folder;

/// <summary>The tables of the catalog, by version. Later versions add their steps behind these.</summary>
internal static class CatalogSchema
{
    private const int Current = 1;

    /// <exception cref="DataFolderException">Of a newer kache.</exception>
    public static void Ensure(SqliteConnection connection, string path)
    {
        if (Version(connection) == Current) return;
        using var transaction = connection.BeginTransaction();
        // Under the lock: another process may have been first.
        var version = Version(connection);
        if (version > Current)
        {
            throw new DataFolderException(
                $"The catalog {path} has version {version}, and this kache knows {Current}. Use the kache that wrote it, or name another folder with --data.");
        }
        if (version == 0) Database.Run(connection, First);
        transaction.Commit();
    }

    private static long Version(SqliteConnection connection) => Database.Scalar(connection, "PRAGMA user_version");

    // Times are microseconds since 1970; digests and hashes 32 bytes; lists JSON.
    private const string First = """
        CREATE TABLE tags (name TEXT PRIMARY KEY, digest BLOB NOT NULL, moved_at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE tag_moves (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, digest BLOB NOT NULL, moved_at INTEGER NOT NULL);
        CREATE INDEX tag_moves_by_name ON tag_moves (name, id);
        CREATE TABLE sessions (
            id TEXT PRIMARY KEY, mode TEXT NOT NULL, reference TEXT NOT NULL, resolved BLOB, clients TEXT NOT NULL, secret_hash BLOB NOT NULL,
            owner_token TEXT, options TEXT NOT NULL, opened_at INTEGER NOT NULL, closed_at INTEGER) WITHOUT ROWID;
        CREATE INDEX sessions_running ON sessions (closed_at, opened_at);
        CREATE TABLE tokens (name TEXT PRIMARY KEY, hash BLOB NOT NULL, allow TEXT NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID;
        PRAGMA user_version = 1;
        """;
}
