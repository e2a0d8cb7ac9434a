namespace Kache.Cli;

/// <summary>What a command may touch of its surroundings: streams, environment, clock. Facts go to <see cref="Out"/>, talk to <see cref="Error"/>.</summary>
internal sealed record Shell(TextReader In, TextWriter Out, TextWriter Error, Func<string, string?> Variable, TimeProvider Clock)
{
    public bool InIsTerminal { get; init; }

    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>Whether talk may be coloured: on a terminal, unless NO_COLOR says otherwise (no-color.org).</summary>
    public bool Colour => ErrorIsTerminal && string.IsNullOrEmpty(Variable("NO_COLOR"));

    public static Shell OfProcess() =>
        new(Console.In, Console.Out, Console.Error, Environment.GetEnvironmentVariable, TimeProvider.System)
        {
            InIsTerminal = !Console.IsInputRedirected,
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
        };

    public void Say(string line) => Error.WriteLine(line);

    public void Fail(string message) => Error.WriteLine(Colour ? $"\e[31mkache:\e[0m {message}" : $"kache: {message}");

    public void Warn(string message) => Error.WriteLine(Colour ? $"\e[33mwarning:\e[0m {message}" : $"warning: {message}");
}
