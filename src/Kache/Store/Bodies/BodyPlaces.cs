using System.Collections.Concurrent;
using Kache.Exchanges;
using Kache.Store.Folder;
using Microsoft.Data.Sqlite;

namespace Kache.Store.Bodies;

/// <summary>
/// Where packed bodies lie, for all packs whose sessions have been sealed. Derived from the packs. Asked while recording
/// (is this body here already?) and when an index is made; never for a request in playback.
/// </summary>
internal sealed class BodyPlaces : IDisposable
{
    private const int Schema = 1;

    // Rows in a transaction: some tens of milliseconds, so that others come in between.
    private const int Batch = 5000;

    private readonly string _path;
    private readonly SqliteConnection _writer;
    private readonly Lock _writing = new();
    private readonly ConcurrentBag<Lookup> _lookups = [];

    private BodyPlaces(string path, SqliteConnection writer) => (_path, _writer) = (path, writer);

    /// <summary>False until all packs that were there when it was made have been read.</summary>
    public bool IsComplete => Told(() =>
    {
        lock (_writing) return Database.Scalar(_writer, "SELECT complete FROM state") == 1;
    });

    /// <summary>A damaged file is put aside: what it says can be read from the packs.</summary>
    public static BodyPlaces Open(string path)
    {
        try
        {
            return OpenSound(path);
        }
        catch (SqliteException e) when (Database.IsDamage(e))
        {
            foreach (var part in (string[])["", "-wal", "-shm"]) File.Delete(path + part);
        }
        catch (SqliteException e)
        {
            throw Database.Tell(e, path);
        }
        try
        {
            return OpenSound(path);
        }
        catch (SqliteException e)
        {
            throw Database.Tell(e, path);
        }
    }

    public PackedBody? Find(in Digest digest)
    {
        var wanted = digest;
        return Told(() =>
        {
            if (!_lookups.TryTake(out var lookup)) lookup = new Lookup(_path);
            try
            {
                return lookup.Find(wanted);
            }
            finally
            {
                _lookups.Add(lookup);
            }
        });
    }

    public void Add(IEnumerable<KeyValuePair<Digest, PackedBody>> bodies) => Told(() =>
    {
        foreach (var batch in bodies.Chunk(Batch))
        {
            lock (_writing)
            {
                using var transaction = _writer.BeginTransaction();
                Insert(batch, transaction);
                transaction.Commit();
            }
        }
        return true;
    });

    /// <summary>Makes what is known of one pack what was read from it.</summary>
    public void Replace(string pack, IEnumerable<KeyValuePair<Digest, PackedBody>> bodies)
    {
        Forget(pack);
        Add(bodies);
    }

    /// <summary>Packs that something is known of.</summary>
    public IReadOnlyList<string> Packs() => Told(() =>
    {
        lock (_writing)
        {
            using var command = _writer.CreateCommand();
            command.CommandText = "SELECT name FROM packs";
            using var reader = command.ExecuteReader();
            var names = new List<string>();
            while (reader.Read()) names.Add(reader.GetString(0));
            return names;
        }
    });

    public void Forget(string pack) => Told(() =>
    {
        lock (_writing)
        {
            using var transaction = _writer.BeginTransaction();
            foreach (var sql in (string[])["DELETE FROM bodies WHERE pack = (SELECT id FROM packs WHERE name = $name)", "DELETE FROM packs WHERE name = $name"])
            {
                using var command = _writer.CreateCommand();
                command.Transaction = transaction;
#pragma warning disable CA2100 // both are constants, above
                command.CommandText = sql;
#pragma warning restore CA2100
                command.Parameters.AddWithValue("$name", pack);
                command.ExecuteNonQuery();
            }
            transaction.Commit();
            return true;
        }
    });

    public void SetComplete() => Told(() =>
    {
        lock (_writing) Database.Run(_writer, "UPDATE state SET complete = 1");
        return true;
    });

    public void Dispose()
    {
        while (_lookups.TryTake(out var lookup)) lookup.Dispose();
        _writer.Dispose();
    }

    private static BodyPlaces OpenSound(string path)
    {
        var writer = Database.Open(path, durable: false);
        try
        {
            if (Database.Scalar(writer, "PRAGMA user_version") != Schema) Make(writer);
            return new BodyPlaces(path, writer);
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    private static void Make(SqliteConnection connection)
    {
        using var transaction = connection.BeginTransaction();
        // Whoever was first has made it; another schema is of another version and is made again.
        if (Database.Scalar(connection, "PRAGMA user_version") != Schema)
        {
            Database.Run(connection, $"""
                DROP TABLE IF EXISTS bodies;
                DROP TABLE IF EXISTS packs;
                DROP TABLE IF EXISTS state;
                CREATE TABLE packs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
                CREATE TABLE bodies (digest BLOB PRIMARY KEY, pack INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
                CREATE TABLE state (complete INTEGER NOT NULL);
                INSERT INTO state VALUES (0);
                PRAGMA user_version = {Schema};
                """);
        }
        transaction.Commit();
    }

    private void Insert(IEnumerable<KeyValuePair<Digest, PackedBody>> bodies, SqliteTransaction transaction)
    {
        using var pack = _writer.CreateCommand();
        pack.Transaction = transaction;
        pack.CommandText = "INSERT INTO packs (name) VALUES ($name) ON CONFLICT DO NOTHING; SELECT id FROM packs WHERE name = $name";
        var name = pack.Parameters.Add("$name", SqliteType.Text);
        var ids = new Dictionary<string, long>(StringComparer.Ordinal);

        using var body = _writer.CreateCommand();
        body.Transaction = transaction;
        body.CommandText = "INSERT OR REPLACE INTO bodies VALUES ($digest, $pack, $offset, $length, $sum)";
        var digest = body.Parameters.Add("$digest", SqliteType.Blob);
        var packId = body.Parameters.Add("$pack", SqliteType.Integer);
        var offset = body.Parameters.Add("$offset", SqliteType.Integer);
        var length = body.Parameters.Add("$length", SqliteType.Integer);
        var sum = body.Parameters.Add("$sum", SqliteType.Integer);
        body.Prepare();
        var bytes = new byte[Digest.Size];
        foreach (var (key, place) in bodies)
        {
            if (!ids.TryGetValue(place.Pack, out var id))
            {
                name.Value = place.Pack;
                ids[place.Pack] = id = (long)pack.ExecuteScalar()!;
            }
            key.CopyTo(bytes);
            (digest.Value, packId.Value, offset.Value, length.Value, sum.Value) = (bytes, id, place.Offset, place.Length, unchecked((long)place.Sum));
            body.ExecuteNonQuery();
        }
    }

    private T Told<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException e)
        {
            throw Database.Tell(e, _path);
        }
    }

    /// <summary>A connection with its statement prepared: a look-up takes some ten microseconds.</summary>
    private sealed class Lookup : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _command;
        private readonly SqliteParameter _digest;
        private readonly byte[] _bytes = new byte[Digest.Size];

        public Lookup(string path)
        {
            _connection = Database.Open(path, durable: false);
            _command = _connection.CreateCommand();
            _command.CommandText = "SELECT p.name, b.offset, b.length, b.sum FROM bodies b JOIN packs p ON p.id = b.pack WHERE b.digest = $digest";
            _digest = _command.Parameters.Add("$digest", SqliteType.Blob);
            _command.Prepare();
        }

        public PackedBody? Find(in Digest digest)
        {
            digest.CopyTo(_bytes);
            _digest.Value = _bytes;
            using var reader = _command.ExecuteReader();
            return reader.Read() ? new PackedBody(reader.GetString(0), reader.GetInt64(1), reader.GetInt32(2), unchecked((ulong)reader.GetInt64(3))) : null;
        }

        public void Dispose()
        {
            _command.Dispose();
            _connection.Dispose();
        }
    }
}
