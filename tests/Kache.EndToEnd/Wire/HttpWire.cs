using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kache.EndToEnd.Machines;

namespace Kache.EndToEnd.Wire;

/// <summary>An HTTP/1.1 connection of a client that sends exactly the bytes that it is told to, and sees exactly those that come.</summary>
internal sealed class HttpWire : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Stream stream;
    private readonly byte[] buffer = new byte[64 << 10];
    private int start;
    private int end;

    private HttpWire(Stream stream) => this.stream = stream;

    /// <summary>What the other side proved to be; null without TLS.</summary>
    public X509Certificate2? Certificate { get; private set; }

    /// <summary>Opens a connection as a client does whose resolver has answered with the server's address.</summary>
    public static async Task<HttpWire> PlainAsync(Client client, int port = 80) =>
        new(new NetworkStream(await client.Machine.ConnectAsync(Lab.ServerAddress, port), ownsSocket: true));

    public static async Task<HttpWire> TlsAsync(Client client, string host, string ca, int port = 443)
    {
        var plain = await PlainAsync(client, port);
        return await plain.SecureAsync(host, ca);
    }

    /// <summary>TLS over what is open: directly, or after CONNECT.</summary>
    public async Task<HttpWire> SecureAsync(string host, string ca)
    {
        using var root = X509Certificate2.CreateFromPem(ca);
        var secure = new SslStream(stream);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck },
        };
        options.CertificateChainPolicy.CustomTrustStore.Add(root);
        await secure.AuthenticateAsClientAsync(options).WaitAsync(Patience);
        return new HttpWire(secure) { Certificate = X509CertificateLoader.LoadCertificate(secure.RemoteCertificate!.GetRawCertData()) };
    }

    /// <summary>One request on a connection of its own.</summary>
    public static async Task<HttpAnswer> AskAsync(Client client, string url, string ca, string fields = "", string method = "GET", string? body = null)
    {
        var (scheme, rest) = (url[..url.IndexOf("://", StringComparison.Ordinal)], url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..]);
        var (host, target) = rest.IndexOf('/') is >= 0 and var slash ? (rest[..slash], rest[slash..]) : (rest, "/");
        var port = host.Split(':') is [_, var given] ? int.Parse(given, provider: null) : scheme == "https" ? 443 : 80;
        await using var wire = scheme == "https" ? await TlsAsync(client, host.Split(':')[0], ca, port) : await PlainAsync(client, port);
        await wire.SendAsync($"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{fields}{(body is null ? "" : $"Content-Length: {Encoding.Latin1.GetByteCount(body)}\r\n")}\r\n{body}");
        return await wire.ReadAnswerAsync(method == "HEAD");
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await stream.WriteAsync(bytes).AsTask().WaitAsync(Patience);
        await stream.FlushAsync();
    }

    /// <summary>Reads the next answer; interim ones are collected.</summary>
    public async Task<HttpAnswer> ReadAnswerAsync(bool toHead = false)
    {
        var interim = new List<string>();
        while (true)
        {
            var statusLine = await LineAsync() ?? throw new IOException("The connection ended before an answer.");
            var fields = await FieldsAsync();
            var status = int.Parse(statusLine.Split(' ')[1], CultureInfo.InvariantCulture);
            if (status is >= 100 and < 200 and not 101)
            {
                interim.Add(statusLine);
                continue;
            }
            var body = new MemoryStream();
            var trailers = new List<(string, string)>();
            var whole = toHead || status is 204 or 304 or 101 || await BodyAsync(fields, body, trailers);
            return new HttpAnswer(statusLine, fields, body.ToArray(), trailers, whole ? AnswerEnd.Whole : AnswerEnd.Broken, interim);
        }
    }

    /// <summary>The next line without its end, or null when there is none any more.</summary>
    public async Task<string?> LineAsync()
    {
        var line = new List<byte>();
        while (true)
        {
            if (start == end && !await FillAsync()) return line.Count == 0 ? null : Encoding.Latin1.GetString([.. line]);
            var next = buffer[start++];
            if (next == '\n') return Encoding.Latin1.GetString([.. line]).TrimEnd('\r');
            line.Add(next);
        }
    }

    /// <summary>Up to <paramref name="count"/> bytes; fewer when the connection ends.</summary>
    public async Task<byte[]> BytesAsync(int count)
    {
        var into = new MemoryStream();
        await TakeAsync(count, into);
        return into.ToArray();
    }

    /// <summary>Whether the other side has nothing more to say and is gone.</summary>
    public async Task<bool> IsAtEndAsync() => start == end && !await FillAsync();

    public ValueTask DisposeAsync()
    {
        Certificate?.Dispose();
        return stream.DisposeAsync();
    }

    private async Task<List<(string Name, string Value)>> FieldsAsync()
    {
        var fields = new List<(string, string)>();
        while (await LineAsync() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            fields.Add((line[..colon], line[(colon + 1)..].Trim(' ', '\t')));
        }
        return fields;
    }

    private async Task<bool> BodyAsync(List<(string Name, string Value)> fields, MemoryStream body, List<(string, string)> trailers)
    {
        string? Value(string name) => fields.FirstOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
        if (Value("transfer-encoding") is not null) return await ChunksAsync(body, trailers);
        if (Value("content-length") is { } length) return await TakeAsync(long.Parse(length, CultureInfo.InvariantCulture), body);
        try
        {
            while (start < end || await FillAsync(rethrow: true)) await TakeAsync(end - start, body);
            return true;
        }
        catch (IOException)
        {
            return false;   // Reset, or TLS without its farewell: no clean end.
        }
    }

    private async Task<bool> ChunksAsync(MemoryStream body, List<(string, string)> trailers)
    {
        while (await LineAsync() is { Length: > 0 } line)
        {
            var size = long.Parse(line.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0)
            {
                trailers.AddRange(await FieldsAsync());
                return true;
            }
            if (!await TakeAsync(size, body)) return false;
            await LineAsync();
        }
        return false;
    }

    private async Task<bool> TakeAsync(long count, MemoryStream into)
    {
        while (count > 0)
        {
            if (start == end && !await FillAsync()) return false;
            var take = (int)Math.Min(count, end - start);
            into.Write(buffer, start, take);
            start += take;
            count -= take;
        }
        return true;
    }

    private async Task<bool> FillAsync(bool rethrow = false)
    {
        try
        {
            end = await stream.ReadAsync(buffer).AsTask().WaitAsync(Patience);
        }
        catch (IOException) when (!rethrow)
        {
            end = 0;
        }
        start = 0;
        return end > 0;
    }
}
