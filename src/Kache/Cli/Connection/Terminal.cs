namespace Kache.Cli.Connection;

/// <summary>The person at the terminal, also when stdin is a file: /dev/tty.</summary>
internal static class Terminal
{
    private const string Device = "/dev/tty";

    /// <returns>The line typed, or null when there is no terminal.</returns>
    public static string? Ask(Shell shell, string question)
    {
        if (!shell.ErrorIsTerminal) return null;
        try
        {
            using var device = new FileStream(Device, FileMode.Open, FileAccess.Read);
            using var reader = new StreamReader(device);
            shell.Error.Write(question);
            return reader.ReadLine();
        }
        catch (IOException)
        {
            // ENXIO: no controlling terminal.
            return null;
        }
    }
}
