using Xunit;

namespace Kache.EndToEnd.Machines;

/// <summary>How a command on a machine ended, and all that it said.</summary>
internal sealed record CommandResult(string Command, int ExitCode, string Out, string Err)
{
    /// <summary>Fails the test with everything that was said, unless the command ended with <paramref name="exitCode"/>.</summary>
    public CommandResult Ends(int exitCode)
    {
        if (ExitCode != exitCode) Assert.Fail($"expected exit code {exitCode} of{Environment.NewLine}{this}");
        return this;
    }

    public CommandResult Succeeds() => Ends(0);

    public override string ToString() => $"$ {Command}\nended with {ExitCode}\n--- stdout\n{Tail(Out)}\n--- stderr\n{Tail(Err)}";

    /// <summary>The end of a long talk is where the reason stands.</summary>
    private static string Tail(string text) => text.Length <= 8000 ? text : "… " + text[^8000..];
}
