using System.Runtime.InteropServices;
using Kache.Sandbox.Kernel;

namespace Kache.Cli.Running;

/// <summary>
/// While a command runs, signals are its own: what comes to this process alone is passed on, and what the terminal sends to the
/// whole group has reached the command already.
/// </summary>
internal sealed class CommandSignals : IDisposable
{
    private const int Interrupt = 2;
    private const int Quit = 3;

    // SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM.
    private static readonly int[] Minded = [1, Interrupt, Quit, 10, 12, 15];

    private readonly List<PosixSignalRegistration> _registrations = [];
    private Action<int>? _pass;

    /// <param name="early">Told of a signal that comes before there is a command.</param>
    public CommandSignals(CancellationTokenSource early)
    {
        foreach (var number in Minded)
        {
            _registrations.Add(PosixSignalRegistration.Create((PosixSignal)number, context =>
            {
                context.Cancel = true;
                if (Volatile.Read(ref _pass) is not { } pass) early.Cancel();
                else if (number is not (Interrupt or Quit) || !Processes.IsInForeground()) pass(number);
            }));
        }
    }

    public void PassTo(Action<int> pass) => Volatile.Write(ref _pass, pass);

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
    }
}
