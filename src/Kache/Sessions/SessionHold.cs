using System.Diagnostics.CodeAnalysis;

namespace Kache.Sessions;

/// <summary>
/// A session that lives in a process of its own is held by it: a lock in the session's folder, which goes with the process,
/// however that ends. Others tell by it whether the session was abandoned.
/// </summary>
internal sealed class SessionHold : IDisposable
{
    private readonly FileStream _file;

    private SessionHold(FileStream file) => _file = file;

    /// <returns>False when a process that lives holds it.</returns>
    public static bool TryTake(string dataFolder, string sessionId, [NotNullWhen(true)] out SessionHold? hold)
    {
        var file = Path.Combine(Path.GetDirectoryName(SessionLog.FileOf(dataFolder, sessionId))!, "held");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        hold = null;
        try
        {
            // Not shared: .NET takes flock(2) on it.
            hold = new SessionHold(new FileStream(file, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }));
            return true;
        }
        catch (IOException held) when (held.GetType() == typeof(IOException) && File.Exists(file))
        {
            return false;
        }
    }

    /// <summary>The file goes first, so that nobody finds it unlocked.</summary>
    public void Dispose()
    {
        File.Delete(_file.Name);
        _file.Dispose();
    }
}
