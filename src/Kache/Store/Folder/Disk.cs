using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Kache.Store.Folder;

/// <summary>Files as the store makes them: for their owner only, and on disk when it says so. What .NET has no word for is asked of the C library.</summary>
internal static partial class Disk
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerOnlyFolder = OwnerOnly | UnixFileMode.UserExecute;

    private const int OpenReadOnly = 0;
    private const int OpenCloseOnExec = 0x80000;
    private const int KeepSize = 1;
    private const int SetDescriptionLock = 37;
    private const short ReadLock = 0;
    private const short WriteLock = 1;
    private const short NoLock = 2;

    private const int SmallestSafeBlock = 4096;
    private const long Btrfs = 0x9123683E;
    private const long Bcachefs = 0xCA451A4E;

    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;
    private const int FileTooBig = 27;
    private const int Interrupted = 4;
    private const int WouldBlock = 11;
    private const int PermissionDenied = 13;
    private const int InvalidArgument = 22;
    private const int NotImplemented = 38;
    private const int NotSupported = 95;

    // How .NET reports a preallocation without room.
    private const int DiskFullResult = unchecked((int)0x80070070);

    /// <summary>Opens for reading and writing; made when it is not there. Others may have it open: locks are taken apart.</summary>
    public static SafeFileHandle OpenOrCreate(string path, FileMode mode = FileMode.OpenOrCreate)
    {
        var file = File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        File.SetUnixFileMode(file, OwnerOnly);
        return file;
    }

    public static SafeFileHandle OpenRead(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    public static void MakeFolder(string path) => Directory.CreateDirectory(path, OwnerOnlyFolder);

    /// <summary>Makes a folder whose parent is there, so that it stays through a power loss.</summary>
    public static void MakeFolderForGood(string path)
    {
        if (Directory.Exists(path)) return;
        MakeFolder(path);
        FlushFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Gives a written file its name: flushed, renamed, the folder flushed. What was there under the name is replaced.</summary>
    public static void Publish(SafeFileHandle file, string unfinished, string path)
    {
        RandomAccess.FlushToDisk(file);
        var folder = Path.GetDirectoryName(path)!;
        MakeFolderForGood(folder);
        File.Move(unfinished, path, overwrite: true);
        FlushFolder(folder);
    }

    /// <summary>Names in the folder are on disk when this returns.</summary>
    public static void FlushFolder(string path)
    {
        using var folder = OpenFolder(path);
        if (fsync(folder) < 0) throw Failure("flush", path);
    }

    public static SafeFileHandle OpenFolder(string path)
    {
        var folder = open(path, OpenReadOnly | OpenCloseOnExec);
        if (!folder.IsInvalid) return folder;
        folder.Dispose();
        throw Failure("open", path);
    }

    /// <summary>
    /// Locks the whole file until it is closed. Open file description locks (fcntl(2)): .NET takes flock(2) on whatever it
    /// opens, so that one who wants to read who holds the lock could not even open the file.
    /// </summary>
    /// <returns>False when somebody else holds it.</returns>
    public static bool TryLock(SafeFileHandle file, bool exclusive)
    {
        var wanted = new FileLock { Type = exclusive ? WriteLock : ReadLock };
        while (fcntl(file, SetDescriptionLock, ref wanted) < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error is WouldBlock or PermissionDenied) return false;
            if (error != Interrupted) throw Failure("lock", "a file of the store");
        }
        return true;
    }

    /// <summary>
    /// Closing would do, but for a program that another thread is about to start: until it has begun, it shares the file
    /// and its lock.
    /// </summary>
    public static void Unlock(SafeFileHandle file)
    {
        var wanted = new FileLock { Type = NoLock };
        if (fcntl(file, SetDescriptionLock, ref wanted) < 0) throw Failure("unlock", "a file of the store");
    }

    /// <summary>Sets room aside behind the end of a file, whose size stays.</summary>
    /// <returns>False when the file system cannot.</returns>
    /// <exception cref="IOException">No room, …</exception>
    public static bool TryReserve(SafeFileHandle file, long offset, long length)
    {
        while (fallocate(file, KeepSize, offset, length) < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error is NotSupported or NotImplemented or InvalidArgument) return false;
            if (error != Interrupted) throw Failure("reserve room in", "a file of the store");
        }
        return true;
    }

    /// <summary>
    /// Whether a page of a mapped file has room once a byte of it was written. Not where blocks are smaller than what SQLite
    /// writes to (4 KiB), nor where every change is written elsewhere.
    /// </summary>
    public static unsafe bool MapsSafely(string folder)
    {
        // struct statfs of 64-bit Linux begins with the type and the size of a block; 120 bytes in all.
        const int room = 256;
        var facts = stackalloc long[room / sizeof(long)];
        if (statfs(folder, facts) < 0) throw Failure("ask about", folder);
        return facts[1] >= SmallestSafeBlock && facts[0] is not (Btrfs or Bcachefs);
    }

    public static bool IsFull(IOException failure) =>
        failure is StoreFullException || failure.HResult is NoSpace or QuotaExceeded or FileTooBig or DiskFullResult;

    /// <summary>Runs what waits for a disk on a thread of its own, so that none of the pool's is kept waiting.</summary>
    public static Task RunAsync(Action work, CancellationToken cancellation = default) =>
        Task.Factory.StartNew(work, cancellation, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    /// <inheritdoc cref="RunAsync(Action, CancellationToken)"/>
    public static Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation = default) =>
        Task.Factory.StartNew(work, cancellation, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    private static IOException Failure(string what, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"Could not {what} {path}: {new Win32Exception(error).Message}.", error);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statfs(string path, long* facts);

    // Variadic in C; on the 64-bit systems that we run on, the third argument is passed like any other.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeFileHandle file, int command, ref FileLock argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(SafeFileHandle file, int mode, long offset, long length);

    /// <summary>struct flock of 64-bit Linux; all of the file from its beginning.</summary>
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }
}
