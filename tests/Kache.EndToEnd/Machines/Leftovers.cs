using System.Globalization;

namespace Kache.EndToEnd.Machines;

/// <summary>
/// The folders of labs. Their names tell the process that made them, so that a later run removes what a killed one left
/// behind; machines need no such care, they end with the process that made them.
/// </summary>
internal static class Leftovers
{
    /// <summary>On disk, since files of gigabytes go there, and with a short name, since paths of Unix sockets are short.</summary>
    private const string Where = "/var/tmp";

    private static readonly Lazy<bool> Swept = new(Sweep);

    public static string NewFolder(int number)
    {
        _ = Swept.Value;
        return Directory.CreateDirectory(Path.Combine(Where, $"ke2e-{Environment.ProcessId}-{number}")).FullName;
    }

    private static bool Sweep()
    {
        foreach (var folder in Directory.EnumerateDirectories(Where, "ke2e-*"))
        {
            var owner = int.Parse(Path.GetFileName(folder).Split('-')[1], CultureInfo.InvariantCulture);
            if (owner == Environment.ProcessId || !Directory.Exists($"/proc/{owner}")) Directory.Delete(folder, recursive: true);
        }
        return true;
    }
}
