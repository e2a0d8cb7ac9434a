namespace Kache.Server;

/// <summary>The server's own files in the data folder, beside the store's.</summary>
internal static class DataFolder
{
    public static string Ca(string data) => Path.Combine(data, "ca");

    public static string Socket(string data) => Path.Combine(data, "kache.sock");

    public static string Log(string data) => Path.Combine(data, "server.log");

    public static string LocalToken(string data) => Path.Combine(data, "local.token");
}
