using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Kache.Host;

/// <param name="Host">A name that only Kache answers.</param>
/// <param name="Session">What the proxy has to say that it serves.</param>
/// <param name="Nameservers">Kache's DNS.</param>
/// <param name="Ports">On which the proxy is expected to take TLS.</param>
/// <param name="Roots">The machine's file of roots as programs read it now; null when the machine has none.</param>
internal sealed record Probe(string Host, string Session, IReadOnlyList<IPAddress> Nameservers, IReadOnlyList<int> Ports, string? Roots);

/// <summary>
/// Proves that programs on this machine reach Kache: a name by DNS, the same by the system's way, then HTTP and HTTPS with
/// the system's roots. It speaks to Kache and nobody else.
/// </summary>
internal sealed class Prober(Probe probe, string ca, TimeProvider clock)
{
    // A server on the same network answers in milliseconds; resolvers retry after five seconds, and so do we, within ten.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const int HttpPort = 80;
    private const int DnsPort = 53;
    private const int MostAnswer = 64 * 1024;

    /// <exception cref="HostException">The step that failed, and why.</exception>
    public async Task ProveAsync(CancellationToken cancellation)
    {
        foreach (var nameserver in probe.Nameservers)
            await StepAsync($"DNS at {nameserver}", token => AskAsync(nameserver, token), "Is UDP port 53 of the server open to this machine?", cancellation);
        IReadOnlyList<IPAddress> addresses = [];
        await StepAsync("names by the system's resolver", async token => addresses = await ResolveAsync(token), "Something answers names beside resolv.conf; 'getent hosts' shows what programs get.", cancellation);
        foreach (var port in probe.Ports)
        {
            var address = addresses[0];
            var what = port == HttpPort ? $"HTTP to {address} port {port}" : $"HTTPS to {address} port {port}";
            await StepAsync(what, token => FetchAsync(new IPEndPoint(address, port), token), $"Is TCP port {port} of the server open to this machine, and does the server listen there?", cancellation);
        }
    }

    private async Task StepAsync(string what, Func<CancellationToken, Task> work, string hint, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(Patience, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            await work(both.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HostException($"The path to Kache does not work: {what} gave no answer within {Patience.TotalSeconds:0} seconds. {hint}");
        }
        catch (Exception failure) when (failure is SocketException or IOException or AuthenticationException or ProbeFailure)
        {
            throw new HostException($"The path to Kache does not work: {what} failed ({(failure.InnerException ?? failure).Message.TrimEnd('.')}). {hint}", failure);
        }
    }

    private async Task AskAsync(IPAddress nameserver, CancellationToken cancellation)
    {
        using var socket = new Socket(nameserver.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        var id = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue);
        await ConnectAsync(socket, new IPEndPoint(nameserver, DnsPort), cancellation);
        foreach (var type in new[] { ProbeMessage.TypeA, ProbeMessage.TypeAaaa })
        {
            await socket.SendAsync(ProbeMessage.Question(id, probe.Host, type), cancellation);
            var buffer = new byte[1500];
            while (true)
            {
                var size = await socket.ReceiveAsync(buffer, cancellation);
                if (ProbeMessage.Read(buffer.AsSpan(0, size), id) is not { } answer) continue;
                if (answer.Code != 0) throw new ProbeFailure($"the server answers with code {answer.Code}{(answer.Code == 5 ? ", refused: it knows no session for this machine's address" : "")}");
                if (answer.Addresses.Count > 0) return;
                break;
            }
            id++;
        }
        throw new ProbeFailure($"there is no address in the answer for {probe.Host}");
    }

    private async Task<IReadOnlyList<IPAddress>> ResolveAsync(CancellationToken cancellation)
    {
#pragma warning disable RS0030 // The point is to ask the machine's resolver, as every program on it does: for Kache's own name.
        var addresses = await System.Net.Dns.GetHostAddressesAsync(probe.Host, cancellation);
#pragma warning restore RS0030
        return addresses.Length > 0 ? addresses : throw new ProbeFailure("it has no address");
    }

    private async Task FetchAsync(IPEndPoint endpoint, CancellationToken cancellation)
    {
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await ConnectAsync(socket, endpoint, cancellation);
        await using var plain = new NetworkStream(socket, ownsSocket: false);
        if (endpoint.Port == HttpPort)
        {
            await ExchangeAsync(plain, cancellation);
            return;
        }
        await using var tls = new SslStream(plain);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = probe.Host, CertificateChainPolicy = Policy() }, cancellation);
        await ExchangeAsync(tls, cancellation);
    }

    /// <summary>What a program that reads the machine's file of roots would believe.</summary>
    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        var roots = probe.Roots is { } file ? TextLines.Read(SafeFile.Read(file)) : ca;
        foreach (var root in PemBundle.Certificates(roots)) policy.CustomTrustStore.Add(root);
        return policy;
    }

    private async Task ExchangeAsync(Stream stream, CancellationToken cancellation)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {probe.Host}\r\nAccept: */*\r\nConnection: close\r\n\r\n"), cancellation);
        var answer = new byte[MostAnswer];
        var size = 0;
        for (var read = -1; read != 0 && size < answer.Length; size += read) read = await stream.ReadAsync(answer.AsMemory(size), cancellation);
        var text = Encoding.Latin1.GetString(answer, 0, size);
        var status = text.Split("\r\n", 2)[0];
        if (!status.StartsWith("HTTP/1.1 200", StringComparison.Ordinal)) throw new ProbeFailure(size == 0 ? "the connection was closed without an answer" : $"it answers '{status}'");
        if (!text.Contains($"kache {probe.Session}", StringComparison.Ordinal)) throw new ProbeFailure("what answers is not Kache, or serves another session to this machine");
    }

    private static ValueTask ConnectAsync(Socket socket, EndPoint server, CancellationToken cancellation) =>
#pragma warning disable RS0030 // The client's machine asks its own Kache server for Kache's own name; no origin is ever dialled here.
        socket.ConnectAsync(server, cancellation);
#pragma warning restore RS0030

    /// <summary>An answer that is not the one that proves the path.</summary>
    private sealed class ProbeFailure(string message) : Exception(message);
}
