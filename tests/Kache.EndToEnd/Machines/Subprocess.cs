using System.Diagnostics;
using System.Text;

namespace Kache.EndToEnd.Machines;

/// <summary>A process that the test started, with its output collected as it comes.</summary>
internal sealed class Subprocess : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();
    private readonly Task reading;
    private readonly string command;
    private int disposed;

    public Subprocess(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? shownAs = null, bool holdsInput = false)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        if (environment is not null)
        {
            start.Environment.Clear();
            foreach (var (name, value) in environment) start.Environment[name] = value;
        }
        command = shownAs ?? $"{file} {string.Join(' ', start.ArgumentList)}";
        process = Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start");
        if (!holdsInput) process.StandardInput.Close();
        reading = Task.WhenAll(CollectAsync(process.StandardOutput, output), CollectAsync(process.StandardError, errors));
    }

    public int Id => process.Id;

    public bool HasEnded => process.HasExited;

    public StreamWriter Input => process.StandardInput;

    public string Out => Text(output);

    public string Err => Text(errors);

    /// <summary>The end, or the end of patience: then everything is killed, and the test fails with what was said.</summary>
    public async Task<CommandResult> EndAsync(TimeSpan patience)
    {
        try
        {
            await process.WaitForExitAsync(new CancellationTokenSource(patience).Token);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"after {patience.TotalSeconds} s still running: {new CommandResult(command, -1, Out, Err)}", e);
        }
        // A child that was left running may hold our pipes; what the command itself said is there by now.
        await Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(1)));
        return new CommandResult(command, process.ExitCode, Out, Err);
    }

    /// <summary>Waits until <paramref name="said"/> was said, on either stream.</summary>
    public async Task SaysAsync(string said, TimeSpan patience)
    {
        for (var since = Stopwatch.StartNew(); since.Elapsed < patience; await Task.Delay(20))
        {
            if (Out.Contains(said, StringComparison.Ordinal) || Err.Contains(said, StringComparison.Ordinal)) return;
            if (process.HasExited) break;
        }
        if (process.HasExited) await Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(1)));
        if (Out.Contains(said, StringComparison.Ordinal) || Err.Contains(said, StringComparison.Ordinal)) return;
        throw new TimeoutException($"never said \"{said}\": {new CommandResult(command, process.HasExited ? process.ExitCode : -1, Out, Err)}");
    }

    public void Kill() => process.Kill(entireProcessTree: true);

    public async ValueTask DisposeAsync()
    {
        // A server is disposed by its test and by its machine.
        if (Interlocked.Exchange(ref disposed, 1) == 1) return;
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static async Task CollectAsync(StreamReader from, StringBuilder into)
    {
        var buffer = new char[4096];
        for (int read; (read = await from.ReadAsync(buffer)) > 0;)
        {
            lock (into) into.Append(buffer, 0, read);
        }
    }

    private static string Text(StringBuilder builder)
    {
        lock (builder) return builder.ToString();
    }
}
