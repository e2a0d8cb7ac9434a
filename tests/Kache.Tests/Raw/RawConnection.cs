using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Kache.Tests.Raw;

/// <summary>One side of a connection as bytes (Latin-1): nothing is added, nothing is checked.</summary>
internal sealed class RawConnection(Socket socket, Stream stream) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<byte> _read = [];
    private readonly byte[] _buffer = new byte[64 * 1024];

    public async Task WriteAsync(string text)
    {
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text));
        await stream.FlushAsync();
    }

    /// <summary>Up to and with the empty line; what is there at the end of the connection when none comes.</summary>
    public Task<string> ReadHeadAsync() => ReadUntilAsync("\r\n\r\n");

    public async Task<string> ReadUntilAsync(string end)
    {
        while (true)
        {
            var text = Encoding.Latin1.GetString([.. _read]);
            var at = text.IndexOf(end, StringComparison.Ordinal);
            if (at >= 0) return Take(at + end.Length);
            if (!await FillAsync()) return Take(_read.Count);
        }
    }

    public async Task<string> ReadAsync(int bytes)
    {
        while (_read.Count < bytes)
            if (!await FillAsync()) break;
        return Take(Math.Min(bytes, _read.Count));
    }

    /// <summary>Everything until the other side ends, be it well or by a reset.</summary>
    public async Task<string> ReadToEndAsync()
    {
        while (await FillAsync())
        {
        }
        return Take(_read.Count);
    }

    /// <summary>Head and body of a message with a length or in chunks; the chunks as they came.</summary>
    public async Task<string> ReadMessageAsync()
    {
        var head = await ReadHeadAsync();
        foreach (var line in head.Split("\r\n"))
        {
            if (line.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase))
                return head + await ReadAsync(int.Parse(line["content-length:".Length..], CultureInfo.InvariantCulture));
            if (line.StartsWith("transfer-encoding:", StringComparison.OrdinalIgnoreCase))
                return head + await ReadChunksAsync();
        }
        return head;
    }

    /// <summary>The last words are said, and sent.</summary>
    public void EndWriting() => socket.Shutdown(SocketShutdown.Send);

    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        socket.Dispose();
    }

    private async Task<string> ReadChunksAsync()
    {
        var body = new StringBuilder();
        while (true)
        {
            var head = await ReadUntilAsync("\r\n");
            body.Append(head);
            if (!int.TryParse(head.AsSpan().TrimEnd(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var size)) return body.ToString();
            body.Append(size == 0 ? await ReadTrailersAsync() : await ReadAsync(size + 2));
            if (size == 0) return body.ToString();
        }
    }

    private async Task<string> ReadTrailersAsync()
    {
        var trailers = new StringBuilder();
        string line;
        do trailers.Append(line = await ReadUntilAsync("\r\n"));
        while (line is not ("\r\n" or ""));
        return trailers.ToString();
    }

    private string Take(int bytes)
    {
        var text = Encoding.Latin1.GetString([.. _read[..bytes]]);
        _read.RemoveRange(0, bytes);
        return text;
    }

    private async Task<bool> FillAsync()
    {
        try
        {
            var read = await stream.ReadAsync(_buffer).AsTask().WaitAsync(Patience);
            _read.AddRange(_buffer.AsSpan(0, read));
            return read > 0;
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException)
        {
            return false;
        }
    }
}
