using Kache.Api;

namespace Kache.Server;

/// <summary>The data folder's own administrator token: made at the first start, mode 0600 from the first byte.</summary>
internal static class LocalToken
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static string OpenOrCreate(string file)
    {
        if (File.Exists(file)) return File.ReadAllText(file).Trim();
        var token = ApiTokens.Create();
        var fresh = file + ".new";
        File.Delete(fresh);
        using (var stream = new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            stream.Write(System.Text.Encoding.ASCII.GetBytes(token + "\n"));
            stream.Flush(flushToDisk: true);
        }
        File.Move(fresh, file);
        return token;
    }
}
