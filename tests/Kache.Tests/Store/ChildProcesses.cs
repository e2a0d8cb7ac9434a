using System.Diagnostics;
using System.Text;
using Kache.Exchanges;
using Kache.Store;
using Xunit;

namespace Kache.Tests.Store;

/// <summary>A process of its own that runs one of <see cref="ChildProcesses"/>.</summary>
internal sealed class Child
{
    private readonly Process _process;

    private Child(Process process) => _process = process;

    public static Child Start(string what, string folder, string word)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Kache.Tests")) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-explicit", "only", "-method", $"{typeof(ChildProcesses).FullName}.{what}"]) start.ArgumentList.Add(argument);
        start.Environment[ChildProcesses.Folder] = folder;
        start.Environment[ChildProcesses.Word] = word;
        return new Child(Process.Start(start)!);
    }

    public async Task EndAsync()
    {
        var output = await _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(_process.ExitCode == 0, output);
        _process.Dispose();
    }

    /// <returns>The targets that it had acknowledged.</returns>
    public async Task<HashSet<string>> KillAfterAsync(int lines)
    {
        var acknowledged = new HashSet<string>(StringComparer.Ordinal);
        var all = new List<string>();
        while (await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            all.Add(line);
            if (line.StartsWith("kept ", StringComparison.Ordinal) && acknowledged.Add(line[5..]) && acknowledged.Count == lines) _process.Kill();
        }
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        _process.Dispose();
        Assert.True(acknowledged.Count >= lines, string.Join('\n', all));
        return acknowledged;
    }
}

/// <summary>What tests run in processes of their own: no tests by themselves.</summary>
public sealed class ChildProcesses
{
    internal const string Folder = "KACHE_TEST_FOLDER";
    internal const string Word = "KACHE_TEST_WORD";
    internal const int Moves = 50;

    [Fact(Explicit = true)]
    public async Task Moves_tags()
    {
        await using var store = await OpenAsync(StoreAccess.Companion);
        Assert.True(TagName.TryParse("shared", out var tag));
        var digest = Digest.Of(Encoding.ASCII.GetBytes(Environment.GetEnvironmentVariable(Word)!));
        for (var i = 0; i < Moves; i++) await store.Catalog.MoveTagAsync(tag, digest, TestContext.Current.CancellationToken);
    }

    /// <summary>Records with several workers until it is killed, and says what is kept.</summary>
    [Fact(Explicit = true)]
    public async Task Records()
    {
        await using var store = await OpenAsync(StoreAccess.Server);
        await using var journal = await store.OpenJournalAsync(Environment.GetEnvironmentVariable(Word)!, TestContext.Current.CancellationToken);
        var output = TextWriter.Synchronized(new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; ; i++)
            {
                var ordinal = journal.NextOrdinal();
                var length = (i % 10) switch { 3 => 150_000, 7 => 1_500_000, _ => 3000 };
                var exchange = Sample.Exchange(ordinal, await journal.WriteAsync(Sample.Bytes(length, (int)ordinal)));
                await journal.AppendAsync(exchange);
                await output.WriteLineAsync("kept " + exchange.Request.Target);
            }
        })));
    }

    private static Task<DataStore> OpenAsync(StoreAccess access) => DataStore.OpenAsync(
        Environment.GetEnvironmentVariable(Folder) ?? throw new InvalidOperationException("This is run by other tests."), access, TimeProvider.System, TestContext.Current.CancellationToken);
}
