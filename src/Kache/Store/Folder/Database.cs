using Microsoft.Data.Sqlite;

namespace Kache.Store.Folder;

/// <summary>An SQLite file as the store opens it: WAL, patient with other processes, its failures told in our words.</summary>
/// <remarks>
/// Its files are opened by SQLite alone while it has them open: closing any other descriptor of theirs would take away the
/// locks that SQLite holds in this process (fcntl(2), "POSIX locks").
/// </remarks>
internal static class Database
{
    // Transactions here take milliseconds; who waits longer than this waits for something that hangs.
    private const int PatienceSeconds = 30;

    // sqlite3.h. An extended code has the primary one in its low byte.
    private const int Full = 13;
    private const int Corrupt = 11;
    private const int NotADatabase = 26;
    private const int SharedMemorySize = 4874;
    private const int WriteFailed = 778;

    /// <param name="durable">A commit is on disk when it returns; otherwise a power loss may take the last ones back.</param>
    public static SqliteConnection Open(string path, bool durable)
    {
        MakeWhenNew(path);
        var text = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = PatienceSeconds };
        var connection = new SqliteConnection(text.ConnectionString);
        try
        {
            connection.Open();
            // The WAL's index is shared memory in a file. Where a page of it may lack its blocks, a full disk would end the
            // process (SIGBUS) when the page is written; there the older journal serves, which waits a little more.
            var journal = Disk.MapsSafely(Path.GetDirectoryName(path)!) ? "WAL" : "TRUNCATE";
            Run(connection, $"PRAGMA busy_timeout={PatienceSeconds * 1000}; PRAGMA journal_mode={journal}; PRAGMA synchronous={(durable ? "FULL" : "NORMAL")};");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Made by us, so that it is ours alone; SQLite gives the files beside it the same mode.</summary>
    private static void MakeWhenNew(string path)
    {
        if (File.Exists(path)) return;
        try
        {
            Disk.OpenOrCreate(path, FileMode.CreateNew).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // Somebody else was quicker.
        }
    }

    public static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        // Every text is a constant of this program: no value of anybody's is ever put into one.
#pragma warning disable CA2100
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    public static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // as above
        command.CommandText = sql;
#pragma warning restore CA2100
        return (long)command.ExecuteScalar()!;
    }

    public static bool IsDamage(SqliteException failure) => failure.SqliteErrorCode is Corrupt or NotADatabase;

    public static IOException Tell(SqliteException failure, string path)
    {
        if (failure.SqliteErrorCode == Full || failure.SqliteExtendedErrorCode is SharedMemorySize or WriteFailed)
            return StoreFullException.On(Path.GetDirectoryName(path)!, failure);
        return new DataFolderException(IsDamage(failure)
            ? $"{path} is damaged: {failure.Message} Put a copy of it in its place, or move it away: recordings are in other files and stay, by digest."
            : $"{path} cannot be used: {failure.Message}", failure);
    }
}
