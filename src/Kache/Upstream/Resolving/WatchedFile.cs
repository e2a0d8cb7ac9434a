namespace Kache.Upstream.Resolving;

/// <summary>A small file of the machine, read when it is used and kept until it changes.</summary>
/// <param name="parse">Makes something of its text; of the empty text when there is no such file.</param>
internal sealed class WatchedFile<T>(string path, Func<string, T> parse)
    where T : class
{
    // Far above any real one; a file that grew beyond all measure must not take the server's memory.
    private const long Largest = 16 * 1024 * 1024;

    private Reading? _last;

    public T Read()
    {
        var file = new FileInfo(path);
        var stamp = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
        if (Volatile.Read(ref _last) is { } last && last.Stamp == stamp) return last.Content;
        var content = parse(Text(file));
        Volatile.Write(ref _last, new Reading(stamp, content));
        return content;
    }

    private static string Text(FileInfo file)
    {
        if (!file.Exists || file.Length > Largest) return "";
        try
        {
            return File.ReadAllText(file.FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone or closed to us between the look and the reading: as if it were not there, until it changes again.
            return "";
        }
    }

    private sealed record Reading((DateTime Written, long Length) Stamp, T Content);
}
