using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Kache.EndToEnd.Machines;
using Kache.EndToEnd.Origins;

namespace Kache.EndToEnd.Wire;

/// <summary>
/// An origin that does what a test tells it to, byte by byte: on 80 without TLS, on 443 with it (http/1.1), in the lab's
/// world. What it does with a request is decided by the request's target.
/// </summary>
internal sealed class ScriptedOrigin : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Func<OriginConnection, Task>> scripts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, X509Certificate2> certificates = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentQueue<OriginRequest> requests = new();
    private readonly ConcurrentQueue<Exception> failures = new();
    private readonly CancellationTokenSource ended = new();
    private readonly List<Socket> listening = [];
    private readonly Lab lab;
    private readonly TestAuthority authority;
    private int connections;

    public ScriptedOrigin(World world)
    {
        lab = world.Lab;
        authority = world.Authority;
        certificates["expired.test"] = authority.ExpiredLeaf("expired.test");
        certificates["wrongname.test"] = authority.Leaf("another.test");
        certificates["selfsigned.test"] = SelfSigned("selfsigned.test");
        Listen(80, secure: false);
        Listen(443, secure: true);
    }

    /// <summary>Every request that came, in order, on all connections.</summary>
    public IReadOnlyList<OriginRequest> Requests => [.. requests];

    public int Connections => connections;

    /// <summary>What to do with requests for a target.</summary>
    public void On(string target, Func<OriginConnection, Task> script) => scripts[target] = script;

    /// <summary>Answers a target with these bytes, each time, and keeps the connection.</summary>
    public void Answers(string target, string answer) => On(target, c => c.SendAsync(answer));

    public void Listen(int port, bool secure) => Accept(port, secure ? TlsAsync : PlainAsync);

    /// <summary>Listens for something that is not HTTP.</summary>
    public void ListenRaw(int port, Func<Stream, Task> speak) => Accept(port, speak);

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        foreach (var socket in listening) socket.Dispose();
        foreach (var certificate in certificates.Values) certificate.Dispose();
        ended.Dispose();
    }

    private void Accept(int port, Func<Stream, Task> serve)
    {
        var socket = lab.World.Listen(Names.ScriptsAddress, port);
        listening.Add(socket);
        _ = Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
            {
                Socket accepted;
                try
                {
                    accepted = await socket.AcceptAsync(ended.Token);
                }
                catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
                {
                    return;
                }
                Interlocked.Increment(ref connections);
                _ = Task.Run(async () =>
                {
                    try
                    {
                        await using var stream = new NetworkStream(accepted, ownsSocket: true);
                        await serve(stream);
                    }
                    catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
                    {
                        failures.Enqueue(e);   // The other side went away; whether it may is the test's to say.
                    }
                });
            }
        });
    }

    private Task PlainAsync(Stream stream) => ServeAsync(stream, null);

    private async Task TlsAsync(Stream stream)
    {
        await using var secure = new SslStream(stream);
        await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateSelectionCallback = (_, name) => certificates.GetOrAdd(name ?? "script.test", n => authority.Leaf(n)),
            ApplicationProtocols = [SslApplicationProtocol.Http11],
        });
        await ServeAsync(secure, secure.TargetHostName);
        await secure.ShutdownAsync();
    }

    private async Task ServeAsync(Stream stream, string? serverName)
    {
        var connection = new OriginConnection(stream, serverName, ended.Token);
        while (await connection.NextAsync())
        {
            requests.Enqueue(connection.Request);
            var target = connection.Request.Target;
            var script = scripts.GetValueOrDefault(target) ?? scripts.GetValueOrDefault(target.Split('?')[0]);
            if (script is null) await connection.SendAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot here\n");
            else await script(connection);
            if (connection.IsOver) return;
        }
    }

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), password: null);
    }
}
