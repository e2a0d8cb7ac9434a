using System.Diagnostics;

namespace Kache.Host;

/// <summary>Caches of names on this machine, emptied when the answers change (BEHAVIOUR N4). A cache that cannot be emptied is told, not more.</summary>
internal static class NameCaches
{
    // A daemon that does not answer is not waited for longer than its entries would live.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async Task FlushAsync(ResolverDetection resolver, ICollection<string> notes, CancellationToken cancellation)
    {
        if (resolver.Nscd) await RunAsync("nscd", ["-i", "hosts"], notes, cancellation);
        // It is asked by nobody meanwhile, so what it has are real answers: emptied where that is easy, and nothing to tell where it is not.
        if (resolver.Resolved) await RunAsync("resolvectl", ["flush-caches"], [], cancellation);
    }

    private static async Task RunAsync(string program, string[] arguments, ICollection<string> notes, CancellationToken cancellation)
    {
        var said = $"'{program} {string.Join(' ', arguments)}'";
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(Patience);
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                process.Kill();
                notes.Add($"{said} does not end: names that were looked up just now may be remembered for a while.");
                return;
            }
            if (process.ExitCode != 0) notes.Add($"{said} failed: names that were looked up just now may be remembered for a while.");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // The daemon runs in another place than its tool; there is nothing to run.
            notes.Add($"{program} is not to be found, though its cache is in use: names that were looked up just now may be remembered for a while.");
        }
    }
}
