using System.IO.Pipelines;
using Kache.Exchanges;
using Kache.Store;

namespace Kache.Tests.Store;

/// <summary>A data folder of a test's own, gone at its end.</summary>
internal sealed class TemporaryStore : IAsyncDisposable
{
    private DataStore? _store;

    private TemporaryStore(string root) => Root = root;

    public string Root { get; }

    public DataStore Store => _store ?? throw new InvalidOperationException("closed");

    public StorePaths Paths => new(Root);

    public static async Task<TemporaryStore> OpenAsync(string? root = null)
    {
        var temporary = new TemporaryStore(root ?? NewFolder());
        await temporary.ReopenAsync();
        return temporary;
    }

    public static string NewFolder() => Path.Combine(Path.GetTempPath(), "kache-store-" + Guid.NewGuid().ToString("n"));

    public async Task ReopenAsync()
    {
        await CloseAsync();
        _store = await DataStore.OpenAsync(Root, StoreAccess.Server, TimeProvider.System, default);
    }

    public async Task CloseAsync()
    {
        if (_store is not null) await _store.DisposeAsync();
        _store = null;
    }

    public async Task<Digest> RecordAsync(string session, params IEnumerable<Exchange> exchanges)
    {
        await using var journal = await Store.OpenJournalAsync(session, default);
        foreach (var exchange in exchanges) await journal.AppendAsync(exchange);
        return await Store.SealAsync(journal, default);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (Directory.Exists(Root)) Directory.Delete(Root, recursive: true);
    }

    /// <summary>The folder as another process would find it if this one were killed now.</summary>
    public string CopyAsKilled()
    {
        var copy = NewFolder();
        foreach (var folder in Directory.EnumerateDirectories(Root, "*", SearchOption.AllDirectories).Prepend(Root))
            Directory.CreateDirectory(Path.Combine(copy, Path.GetRelativePath(Root, folder)));
        foreach (var file in Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(copy, Path.GetRelativePath(Root, file)));
        return copy;
    }
}

/// <summary>Values for tests.</summary>
internal static class Sample
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 3, 12, 0, 0, TimeSpan.Zero);

    public static byte[] Bytes(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static Exchange Exchange(long ordinal, Body body = default, string? target = null, Body? sent = null) => new(
        ordinal, Noon.AddMilliseconds(ordinal), TimeSpan.FromMilliseconds(3),
        new RecordedRequest(
            sent is null ? "GET" : "POST", "https", new Authority("pkg.test", 443), target ?? $"/p/{ordinal}?v=%2f", "2",
            new Fields([new("host", "pkg.test"), new("accept", "*/*"), new("user-agent", "tester/1.0")]), sent ?? Body.Empty),
        new RecordedResponse(
            200, "", "2", new Fields([new("content-type", "text/plain"), new("set-cookie", "a=b"), new("set-cookie", "\u00e9=\u00ff")]),
            Framing.Length, body == default ? Body.Empty : body, Fields.None),
        ExchangeOutcome.Complete);

    public static async Task<Body> WriteAsync(this SessionJournal journal, ReadOnlyMemory<byte> bytes, int piece = 30_000)
    {
        await using var writer = journal.CreateBody();
        for (var at = 0; at < bytes.Length; at += piece) await writer.WriteAsync(bytes.Slice(at, Math.Min(piece, bytes.Length - at)), default);
        return await writer.CompleteAsync(default);
    }

    public static async Task<byte[]> ReadAsync(this BodyReader body, long offset, long length)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 128 * 1024, resumeWriterThreshold: 64 * 1024));
        var reading = ReadAllAsync(pipe.Reader);
        try
        {
            await body.CopyRangeAsync(pipe.Writer, offset, length, default);
            await pipe.Writer.CompleteAsync();
        }
        catch (IOException e)
        {
            await pipe.Writer.CompleteAsync(e);
        }
        return await reading;
    }

    private static async Task<byte[]> ReadAllAsync(PipeReader reader)
    {
        using var all = new MemoryStream();
        await reader.CopyToAsync(all);
        return all.ToArray();
    }
}
