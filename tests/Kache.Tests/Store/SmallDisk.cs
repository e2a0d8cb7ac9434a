using System.Diagnostics;
using Xunit;

namespace Kache.Tests.Store;

/// <summary>A file system with some MiB of room, mounted for a test; only root can.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const int Size = 40;
    private const int Ballast = 20;

    private readonly string _mount = TemporaryStore.NewFolder();

    private string Image => _mount + ".img";

    /// <param name="type">tmpfs, or in a file ext4, where room is promised before it is given, or ext4-1k, whose blocks are smaller than pages.</param>
    public static SmallDisk Mount(string type)
    {
        var disk = new SmallDisk();
        Directory.CreateDirectory(disk._mount);
        if (!disk.TryMount(type))
        {
            disk.Remove();
            Assert.Skip($"A small {type} can be mounted by root only, where loop devices and mkfs.ext4 are.");
        }
        File.WriteAllBytes(disk.Path("ballast"), Sample.Bytes(Ballast << 20));
        return disk;
    }

    public string Path(string name) => System.IO.Path.Combine(_mount, name);

    public void FillUp()
    {
        using var filler = File.OpenHandle(Path("filler"), FileMode.OpenOrCreate, FileAccess.Write);
        var end = RandomAccess.GetLength(filler);
        var block = Sample.Bytes(1 << 20);
        for (var size = block.Length; size > 0;)
        {
            try
            {
                RandomAccess.Write(filler, block.AsSpan(0, size), end);
                end += size;
            }
            catch (IOException)
            {
                size /= 2;
            }
        }
        try
        {
            RandomAccess.FlushToDisk(filler);
        }
        catch (IOException)
        {
            // Full, which was asked for.
        }
    }

    public void MakeRoom()
    {
        File.Delete(Path("ballast"));
        File.Delete(Path("filler"));
    }

    public void Dispose()
    {
        Assert.Equal(0, Run("umount", "--lazy", _mount));
        Remove();
    }

    private bool TryMount(string type)
    {
        if (type == "tmpfs") return Run("mount", "-t", "tmpfs", "-o", $"size={Size}m", "kache-test", _mount) == 0;
        using (var image = File.OpenHandle(Image, FileMode.CreateNew, FileAccess.Write)) RandomAccess.SetLength(image, Size << 20);
        return Run("mkfs.ext4", "-q", "-b", type == "ext4" ? "4096" : "1024", "-m", "0", Image) == 0 && Run("mount", "-o", "loop", Image, _mount) == 0;
    }

    private void Remove()
    {
        Directory.Delete(_mount);
        File.Delete(Image);
    }

    private static int Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}
