using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Kache.Exchanges;

namespace Kache.Api;

/// <summary>The ways to a server's API. Nothing else in the program may use an HttpClient, and this one speaks to Kache only.</summary>
#pragma warning disable RS0030 // This is the API's client: it speaks to a Kache server, never to an origin.
internal static class ApiConnection
{
    // Connecting: a server on the same network answers in milliseconds; ten seconds is for a lost packet or two.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    // A PEM certificate is 2 KiB.
    private const long LargestCertificate = 64 * 1024;

    /// <summary>The server that owns a data folder, over its Unix socket.</summary>
    public static IKacheApi OverSocket(string socket, string description)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectCallback = async (_, cancellation) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                    return new NetworkStream(connection, ownsSocket: true);
                }
                catch
                {
                    connection.Dispose();
                    throw;
                }
            },
        };
        return new ApiClient(Client(handler, new Uri("http://kache.sock")), description);
    }

    /// <summary>A server over TLS. Its certificate must come from the pinned CA and be for the URL's host; the system's roots do not count.</summary>
    public static IKacheApi OverTls(Uri server, string token, X509Certificate2 pinnedCa)
    {
        var http = Client(Handler((_, leaf, chain, errors) => IsIssuedBy(pinnedCa, leaf, errors)), server);
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return new ApiClient(http, $"server {server.GetLeftPart(UriPartial.Authority)}");
    }

    /// <summary>
    /// The CA's certificate as the server shows it, for a person or a fingerprint to judge. Nothing is sent but the question,
    /// and nothing is believed: the connection is not verified.
    /// </summary>
    public static async Task<X509Certificate2> ShowCaAsync(Uri server, CancellationToken cancellation)
    {
        // What comes back is judged by its fingerprint, which is what the verification would rest on.
        using var http = Client(Handler((_, _, _, _) => true), server);
        http.MaxResponseContentBufferSize = LargestCertificate;
        http.Timeout = ConnectTimeout;
        try
        {
            return X509Certificate2.CreateFromPem(await http.GetStringAsync(new Uri(ApiServer.CaPath, UriKind.Relative), cancellation));
        }
        catch (Exception failure) when (failure is HttpRequestException or System.Security.Cryptography.CryptographicException
            || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            var reason = failure.InnerException ?? failure;
            throw new KacheException("unreachable", $"{server} does not answer as a Kache server: {reason.Message.TrimEnd('.')}. The API's port is 7070 unless the server was told otherwise.", failure);
        }
    }

    public static Digest FingerprintOf(X509Certificate2 certificate) => Digest.Of(certificate.RawData);

    private static SocketsHttpHandler Handler(RemoteCertificateValidationCallback verify) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = ConnectTimeout,
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = verify },
    };

    // Closing a session takes as long as its bodies: no limit of its own, the caller has one or waits.
    private static HttpClient Client(SocketsHttpHandler handler, Uri server) =>
        new(handler) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };

    private static bool IsIssuedBy(X509Certificate2 ca, X509Certificate? presented, SslPolicyErrors errors)
    {
        if (presented is null || (errors & (SslPolicyErrors.RemoteCertificateNameMismatch | SslPolicyErrors.RemoteCertificateNotAvailable)) != SslPolicyErrors.None) return false;
        using var leaf = X509CertificateLoader.LoadCertificate(presented.GetRawCertData());
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(ca);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        // An organisation's CA need not be a root itself: the chain has to end in the pinned one, whatever that is.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        return chain.Build(leaf) && chain.ChainElements[^1].Certificate.RawData.AsSpan().SequenceEqual(ca.RawData);
    }
}
#pragma warning restore RS0030
