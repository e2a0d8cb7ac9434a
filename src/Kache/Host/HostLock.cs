namespace Kache.Host;

/// <summary>One start, stop or undo at a time. The kernel lets go of it when the process ends, however it ends.</summary>
internal sealed class HostLock : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream _file;

    private HostLock(FileStream file) => _file = file;

    /// <exception cref="HostException">Somebody else has it.</exception>
    public static HostLock Take(HostPaths paths)
    {
        Directory.CreateDirectory(paths.State, OwnerOnly);
        try
        {
            // FileShare.None is flock(2) on Linux.
            return new HostLock(new FileStream(paths.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException taken) when (File.Exists(paths.Lock))
        {
            throw new HostException("Another 'kache start' or 'kache stop' is at work on this machine. Wait until it has ended.", taken);
        }
    }

    public void Dispose() => _file.Dispose();
}
