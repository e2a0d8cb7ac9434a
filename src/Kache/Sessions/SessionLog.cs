using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;

namespace Kache.Sessions;

/// <summary>One request that a session answered.</summary>
/// <param name="Step">Which rule answered: <c>recorded</c>, <c>exact</c>, <c>head-from-get</c>, …, <c>miss</c> (docs/matching.md).</param>
internal sealed record AnsweredRequest(DateTimeOffset At, string Method, string Url, int Status, long Bytes, TimeSpan Took, string Step);

/// <summary>The session's log file, one JSON line an answer. Adding never blocks; a background writer appends in batches.</summary>
internal sealed class SessionLog : IAsyncDisposable
{
    // Some ten seconds of the quickest playback; a disk that is slower than that loses lines, and the log says how many.
    private const int LongestQueue = 65_536;

    private const int BatchBytes = 64 * 1024;

    private readonly Channel<AnsweredRequest> _queue = Channel.CreateBounded<AnsweredRequest>(
        new BoundedChannelOptions(LongestQueue) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly FileStream _file;
    private readonly Task _writing;
    private long _lost;

    private SessionLog(FileStream file)
    {
        _file = file;
        _writing = WriteAsync();
    }

    /// <summary>Absolute path.</summary>
    public string File => _file.Name;

    /// <summary>Where a session's log is in a data folder; it outlives the session.</summary>
    public static string FileOf(string dataFolder, string sessionId) => Path.Combine(dataFolder, "sessions", sessionId, "log.jsonl");

    public static SessionLog Open(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var stream = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite, BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        // A line that a crash tore keeps to itself.
        if (stream.Length > 0)
        {
            stream.Seek(-1, SeekOrigin.End);
            if (stream.ReadByte() != '\n') stream.WriteByte((byte)'\n');
        }
        return new SessionLog(stream);
    }

    /// <summary>What a log holds so far, oldest first; nothing when there is no such file. A line that is torn or unknown is passed over.</summary>
    public static async IAsyncEnumerable<AnsweredRequest> ReadAsync(string file, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (!System.IO.File.Exists(file)) yield break;
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, BatchBytes, FileOptions.Asynchronous);
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(cancellation) is { } line)
            if (TryParse(line, out var answer)) yield return answer;
    }

    public void Add(AnsweredRequest answer)
    {
        if (!_queue.Writer.TryWrite(answer)) Interlocked.Increment(ref _lost);
    }

    /// <summary>Returns when everything that was added is in the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing;
        await _file.DisposeAsync();
    }

    private async Task WriteAsync()
    {
        var batch = new ArrayBufferWriter<byte>(BatchBytes);
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (batch.WrittenCount < BatchBytes && _queue.Reader.TryRead(out var answer)) Format(batch, answer);
            var lost = Interlocked.Exchange(ref _lost, 0);
            if (lost > 0) FormatLost(batch, lost);
            try
            {
                await _file.WriteAsync(batch.WrittenMemory);
            }
            catch (IOException)
            {
                // A full disk: the answers went out, misses and gaps are counted elsewhere, and the next lines say what is not here.
                Interlocked.Add(ref _lost, 1);
            }
            batch.ResetWrittenCount();
        }
    }

    private static void Format(ArrayBufferWriter<byte> batch, AnsweredRequest answer)
    {
        using (var json = new Utf8JsonWriter(batch))
        {
            json.WriteStartObject();
            json.WriteString("at", answer.At);
            json.WriteString("method", answer.Method);
            json.WriteString("url", answer.Url);
            json.WriteNumber("status", answer.Status);
            json.WriteNumber("bytes", answer.Bytes);
            json.WriteNumber("micros", (long)answer.Took.TotalMicroseconds);
            json.WriteString("step", answer.Step);
            json.WriteEndObject();
        }
        batch.Write("\n"u8);
    }

    private static void FormatLost(ArrayBufferWriter<byte> batch, long lost)
    {
        using (var json = new Utf8JsonWriter(batch))
        {
            json.WriteStartObject();
            json.WriteNumber("lost", lost);
            json.WriteEndObject();
        }
        batch.Write("\n"u8);
    }

    private static bool TryParse(string line, [NotNullWhen(true)] out AnsweredRequest? answer)
    {
        answer = null;
        try
        {
            using var document = JsonDocument.Parse(line);
            var json = document.RootElement;
            if (!json.TryGetProperty("step", out var step)) return false;
            answer = new AnsweredRequest(
                json.GetProperty("at").GetDateTimeOffset(), json.GetProperty("method").GetString()!, json.GetProperty("url").GetString()!,
                json.GetProperty("status").GetInt32(), json.GetProperty("bytes").GetInt64(),
                TimeSpan.FromMicroseconds(json.GetProperty("micros").GetInt64()), step.GetString()!);
            return true;
        }
        catch (Exception torn) when (torn is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }
}
