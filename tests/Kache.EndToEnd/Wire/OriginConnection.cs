using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Kache.EndToEnd.Wire;

/// <summary>A request's head as it stood on the wire.</summary>
internal sealed record OriginRequest(string Method, string Target, IReadOnlyList<(string Name, string Value)> Fields, string? ServerName)
{
    public IReadOnlyList<string> Values(string name) => [.. Fields.Where(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(f => f.Value)];

    public string? Value(string name) => Values(name) is [var value, ..] ? value : null;
}

/// <summary>A connection that a scripted origin has accepted. Text is Latin-1: a character is a byte.</summary>
internal sealed class OriginConnection(Stream stream, string? serverName, CancellationToken ended)
{
    private readonly byte[] buffer = new byte[64 << 10];
    private int start;
    private int end;
    private bool bodyRead;

    public OriginRequest Request { get; private set; } = null!;

    /// <summary>Ends with the test.</summary>
    public CancellationToken Ended => ended;

    public bool IsOver { get; private set; }

    /// <summary>A place for scripts to keep what they know of this connection.</summary>
    public Dictionary<string, string> Notes { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads the next head; false when the client is done.</summary>
    public async Task<bool> NextAsync()
    {
        if (Request is not null && !bodyRead) await ReadBodyAsync();
        if (await LineAsync() is not { Length: > 0 } line) return false;
        var words = line.Split(' ');
        var fields = new List<(string, string)>();
        while (await LineAsync() is { Length: > 0 } field)
        {
            var colon = field.IndexOf(':', StringComparison.Ordinal);
            fields.Add((field[..colon], field[(colon + 1)..].Trim()));
        }
        Request = new OriginRequest(words[0], words[1], fields, serverName);
        bodyRead = false;
        return true;
    }

    public async Task<byte[]> ReadBodyAsync()
    {
        bodyRead = true;
        var body = new MemoryStream();
        if (Request.Value("transfer-encoding") is not null)
        {
            while (await LineAsync() is { } line && long.Parse(line.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var size)
            {
                await TakeAsync(size, body);
                await LineAsync();
            }
            while (await LineAsync() is { Length: > 0 }) { }
        }
        else if (Request.Value("content-length") is { } length)
        {
            await TakeAsync(long.Parse(length, CultureInfo.InvariantCulture), body);
        }
        return body.ToArray();
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await stream.WriteAsync(bytes, ended);
        await stream.FlushAsync(ended);
    }

    /// <summary>Ends the connection properly.</summary>
    public void Close() => IsOver = true;

    /// <summary>Ends it with a reset.</summary>
    public void Reset()
    {
        IsOver = true;
        var socket = Socket(stream);
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
    }

    private static Socket Socket(Stream stream) => stream switch
    {
        NetworkStream network => network.Socket,
        _ => throw new InvalidOperationException("only a plain connection can be reset"),
    };

    private async Task<string?> LineAsync()
    {
        var line = new List<byte>();
        while (true)
        {
            if (start == end && !await FillAsync()) return null;
            var next = buffer[start++];
            if (next == '\n') return Encoding.Latin1.GetString([.. line]).TrimEnd('\r');
            line.Add(next);
        }
    }

    private async Task TakeAsync(long count, MemoryStream into)
    {
        while (count > 0)
        {
            if (start == end && !await FillAsync()) throw new IOException("The request's body ended early.");
            var take = (int)Math.Min(count, end - start);
            into.Write(buffer, start, take);
            start += take;
            count -= take;
        }
    }

    private async Task<bool> FillAsync()
    {
        end = await stream.ReadAsync(buffer, ended);
        start = 0;
        return end > 0;
    }
}
