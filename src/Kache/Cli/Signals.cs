using System.Runtime.InteropServices;

namespace Kache.Cli;

/// <summary>SIGTERM, SIGINT and SIGHUP ask a command to end; it undoes what it began. A second one ends the process at once.</summary>
internal sealed class Signals : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;

    private Signals(PosixSignalRegistration[] registrations) => _registrations = registrations;

    public static Signals Cancel(CancellationTokenSource asked)
    {
        void Handle(PosixSignalContext context)
        {
            if (asked.IsCancellationRequested) return;
            context.Cancel = true;
            asked.Cancel();
        }

        return new Signals([.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP }
            .Select(signal => PosixSignalRegistration.Create(signal, Handle))]);
    }

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
    }
}
