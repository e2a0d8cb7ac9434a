using System.Text.Json;
using System.Text.Json.Serialization;
using Kache.Exchanges;
using Kache.Store.Folder;
using Microsoft.Data.Sqlite;

namespace Kache.Store;

/// <param name="MovedAt">When the tag came to point here.</param>
internal sealed record TagEntry(TagName Tag, Digest Digest, DateTimeOffset MovedAt);

/// <summary>A session as it is kept, so that a restarted server goes on with it.</summary>
/// <param name="Id">Short random identifier, lower-case letters and digits.</param>
/// <param name="Mode"><c>record</c> or <c>playback</c>.</param>
/// <param name="Reference">As the user gave it.</param>
/// <param name="Resolved">The recording played back; null in record.</param>
/// <param name="Clients">Client addresses bound to the session.</param>
/// <param name="SecretHash">SHA-256 of the explicit proxy's secret.</param>
/// <param name="OwnerToken">Name of the API token that opened it, or null for the local user.</param>
/// <param name="OptionsJson">The session's options, as the Sessions feature writes them.</param>
internal sealed record SessionEntry(
    string Id, string Mode, string Reference, Digest? Resolved, IReadOnlyList<string> Clients,
    byte[] SecretHash, string? OwnerToken, string OptionsJson, DateTimeOffset OpenedAt, DateTimeOffset? ClosedAt);

/// <param name="Hash">SHA-256 of the token.</param>
/// <param name="Allow">As given: <c>record:PATTERN</c>, <c>playback:PATTERN</c>, <c>admin</c>.</param>
internal sealed record TokenEntry(string Name, byte[] Hash, IReadOnlyList<string> Allow, DateTimeOffset CreatedAt);

/// <summary>What changes: tags with their history, sessions, tokens. Small transactions in SQLite (WAL).</summary>
internal sealed class Catalog : IDisposable
{
    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly TimeProvider _clock;

    private Catalog(string path, SqliteConnection connection, TimeProvider clock) => (_path, _connection, _clock) = (path, connection, clock);

    internal static Catalog Open(string path, TimeProvider clock)
    {
        try
        {
            var connection = Database.Open(path, durable: true);
            try
            {
                CatalogSchema.Ensure(connection, path);
                return new Catalog(path, connection, clock);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
        catch (SqliteException e)
        {
            throw Database.Tell(e, path);
        }
    }

    /// <summary>Moves a tag (makes it when new) and keeps where it was in its history, atomically.</summary>
    public Task MoveTagAsync(TagName tag, Digest digest, CancellationToken cancellation) => WriteAsync(() =>
    {
        var at = Stored(_clock.GetUtcNow());
        Execute("INSERT INTO tags (name, digest, moved_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET digest = $2, moved_at = $3", tag.Value, Bytes(digest), at);
        Execute("INSERT INTO tag_moves (name, digest, moved_at) VALUES ($1, $2, $3)", tag.Value, Bytes(digest), at);
        return true;
    }, cancellation);

    public Task<bool> RemoveTagAsync(TagName tag, CancellationToken cancellation) => WriteAsync(() =>
    {
        if (Execute("DELETE FROM tags WHERE name = $1", tag.Value) == 0) return false;
        // A tag of the same name that is made later is another one.
        Execute("DELETE FROM tag_moves WHERE name = $1", tag.Value);
        return true;
    }, cancellation);

    public Task<IReadOnlyList<TagEntry>> TagsAsync(CancellationToken cancellation) =>
        ReadAsync("SELECT name, digest, moved_at FROM tags ORDER BY name", ReadTag, cancellation);

    /// <summary>Where the tag has been, newest first, the present place included.</summary>
    public Task<IReadOnlyList<TagEntry>> HistoryAsync(TagName tag, CancellationToken cancellation) =>
        ReadAsync("SELECT name, digest, moved_at FROM tag_moves WHERE name = $1 ORDER BY id DESC", ReadTag, cancellation, tag.Value);

    public async Task<TagEntry?> FindTagAsync(TagName tag, CancellationToken cancellation) =>
        (await ReadAsync("SELECT name, digest, moved_at FROM tags WHERE name = $1", ReadTag, cancellation, tag.Value)).SingleOrDefault();

    public Task SaveSessionAsync(SessionEntry session, CancellationToken cancellation) => WriteAsync(() => Execute(
        """
        INSERT OR REPLACE INTO sessions (id, mode, reference, resolved, clients, secret_hash, owner_token, options, opened_at, closed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        session.Id, session.Mode, session.Reference, session.Resolved is { } resolved ? Bytes(resolved) : null, ListText(session.Clients),
        session.SecretHash, session.OwnerToken, session.OptionsJson, Stored(session.OpenedAt), session.ClosedAt is { } closed ? Stored(closed) : null), cancellation);

    /// <summary>Sessions, running ones first, newest first.</summary>
    public Task<IReadOnlyList<SessionEntry>> SessionsAsync(bool onlyRunning, CancellationToken cancellation) => ReadAsync(
        $"""
        SELECT id, mode, reference, resolved, clients, secret_hash, owner_token, options, opened_at, closed_at FROM sessions
        {(onlyRunning ? "WHERE closed_at IS NULL" : "")} ORDER BY closed_at IS NOT NULL, opened_at DESC
        """, ReadSession, cancellation);

    /// <returns>False when a token of that name exists.</returns>
    public Task<bool> AddTokenAsync(TokenEntry token, CancellationToken cancellation) => WriteAsync(
        () => Execute("INSERT INTO tokens (name, hash, allow, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            token.Name, token.Hash, ListText(token.Allow), Stored(token.CreatedAt)) > 0, cancellation);

    public Task<bool> RemoveTokenAsync(string name, CancellationToken cancellation) =>
        WriteAsync(() => Execute("DELETE FROM tokens WHERE name = $1", name) > 0, cancellation);

    public Task<IReadOnlyList<TokenEntry>> TokensAsync(CancellationToken cancellation) => ReadAsync(
        "SELECT name, hash, allow, created_at FROM tokens ORDER BY name",
        row => new TokenEntry(row.GetString(0), (byte[])row.GetValue(1), List(row.GetString(2)), Time(row.GetInt64(3))), cancellation);

    public void Dispose()
    {
        _connection.Dispose();
        _one.Dispose();
    }

    private static TagEntry ReadTag(SqliteDataReader row) => new(
        TagName.TryParse(row.GetString(0), out var tag) ? tag : throw new DataFolderException($"The catalog holds a tag '{row.GetString(0)}', which is none."),
        new Digest((byte[])row.GetValue(1)), Time(row.GetInt64(2)));

    private static SessionEntry ReadSession(SqliteDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : new Digest((byte[])row.GetValue(3)), List(row.GetString(4)),
        (byte[])row.GetValue(5), row.IsDBNull(6) ? null : row.GetString(6), row.GetString(7), Time(row.GetInt64(8)), row.IsDBNull(9) ? null : Time(row.GetInt64(9)));

    private async Task<T> WriteAsync<T>(Func<T> work, CancellationToken cancellation) => await AloneAsync(() =>
    {
        // Takes the write lock at once: a transaction that begins as a reader may be refused later.
        using var transaction = _connection.BeginTransaction();
        var result = work();
        transaction.Commit();
        return result;
    }, cancellation);

    private Task<IReadOnlyList<T>> ReadAsync<T>(string sql, Func<SqliteDataReader, T> read, CancellationToken cancellation, params object?[] values) => AloneAsync<IReadOnlyList<T>>(() =>
    {
        using var command = Command(sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(read(reader));
        return rows;
    }, cancellation);

    /// <summary>One statement of this process at a time; SQLite itself sees to the other processes.</summary>
    private async Task<T> AloneAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            // Off the caller's thread: another process may hold the lock for a moment.
            return await Task.Run(work, cancellation);
        }
        catch (SqliteException e)
        {
            throw Database.Tell(e, _path);
        }
        finally
        {
            _one.Release();
        }
    }

    private int Execute(string sql, params object?[] values)
    {
        using var command = Command(sql, values);
        return command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, object?[] values)
    {
        var command = _connection.CreateCommand();
        // Texts are constants of this file; values go in as parameters.
#pragma warning disable CA2100
        command.CommandText = sql;
#pragma warning restore CA2100
        for (var i = 0; i < values.Length; i++) command.Parameters.AddWithValue(FormattableString.Invariant($"${i + 1}"), values[i] ?? DBNull.Value);
        return command;
    }

    private static byte[] Bytes(in Digest digest)
    {
        var bytes = new byte[Digest.Size];
        digest.CopyTo(bytes);
        return bytes;
    }

    /// <summary>Microseconds since 1970, UTC.</summary>
    private static long Stored(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    private static DateTimeOffset Time(long stored) => DateTimeOffset.UnixEpoch.AddTicks(stored * TimeSpan.TicksPerMicrosecond);

    private static string ListText(IReadOnlyList<string> list) => JsonSerializer.Serialize([.. list], CatalogJson.Default.StringArray);

    private static IReadOnlyList<string> List(string text) => JsonSerializer.Deserialize(text, CatalogJson.Default.StringArray) ?? [];
}

[JsonSerializable(typeof(string[]))]
internal sealed partial class CatalogJson : JsonSerializerContext;
