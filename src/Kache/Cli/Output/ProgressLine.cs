namespace Kache.Cli.Output;

/// <summary>One line on a terminal's stderr that is written over; nothing anywhere else.</summary>
internal sealed class ProgressLine(Shell shell)
{
    private const string ToStartAndErase = "\r\e[K";

    public void Show(string text)
    {
        if (shell.ErrorIsTerminal) shell.Error.Write(ToStartAndErase + text);
    }

    public void Clear()
    {
        if (shell.ErrorIsTerminal) shell.Error.Write(ToStartAndErase);
    }
}
