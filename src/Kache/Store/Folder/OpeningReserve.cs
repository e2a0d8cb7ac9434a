namespace Kache.Store.Folder;

/// <summary>
/// Room that is kept for opening the store again: SQLite makes files for that, and a full disk must not keep a restarted
/// server from what it has recorded. Given up while the databases are opened, and taken again afterwards.
/// </summary>
internal static class OpeningReserve
{
    // Two databases: 32 KiB of shared memory each, the first pages of their logs, and folders' blocks.
    private const long Size = 256 * 1024;

    public static void GiveUp(StorePaths paths) => File.Delete(paths.Reserve);

    public static void Take(StorePaths paths)
    {
        try
        {
            using var file = Disk.OpenOrCreate(paths.Reserve);
            Disk.TryReserve(file, 0, Size);
        }
        catch (IOException e) when (Disk.IsFull(e))
        {
            // The next one who opens the store with room takes it.
        }
    }
}
