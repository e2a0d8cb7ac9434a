using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kache.Exchanges;

namespace Kache.Upstream;

/// <summary>TLS towards an origin: SNI is the name dialled, whatever Host says.</summary>
internal sealed class UpstreamTls(UpstreamTrust trust)
{
    private static readonly List<SslApplicationProtocol> Both = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];
    private static readonly List<SslApplicationProtocol> OnlyHttp1 = [SslApplicationProtocol.Http11];

    /// <returns>The opened stream, and SHA-256 over the origin's certificates, leaf first.</returns>
    /// <exception cref="UpstreamException">The handshake failed, or the certificate is not good.</exception>
    public async ValueTask<(SslStream Stream, Digest Chain)> OpenAsync(
        Stream transport, Authority origin, bool http1, bool insecure, CancellationToken cancellation)
    {
        string? fault = null;
        var digest = Digest.Empty;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = origin.DialName,
            ApplicationProtocols = http1 ? OnlyHttp1 : Both,
            // The verdict is UpstreamTrust's alone: SslStream's own is made from the machine's store, and would say no more than "invalid".
            CertificateChainPolicy = new X509ChainPolicy
            {
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            },
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            {
                var leaf = certificate as X509Certificate2;
                var sent = chain?.ChainPolicy.ExtraStore ?? [];
                digest = DigestOf(leaf, sent);
                if (!insecure) fault = trust.Fault(origin.DialName, leaf, sent);
                return fault is null;
            },
        };
        var stream = new SslStream(transport);
        try
        {
            await stream.AuthenticateAsClientAsync(options, cancellation);
            return (stream, digest);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            await stream.DisposeAsync();
            throw fault is null
                ? new UpstreamException(UpstreamFailure.TlsProtocol, $"TLS with {origin} failed: {Innermost(e).Message}", e)
                : new UpstreamException(UpstreamFailure.TlsCertificate, fault, e);
        }
        catch (OperationCanceledException)
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private static Digest DigestOf(X509Certificate2? leaf, X509Certificate2Collection sent)
    {
        if (leaf is null) return Digest.Empty;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(leaf.RawDataMemory.Span);
        foreach (var certificate in sent)
        {
            // OpenSSL lists the leaf among those received; once is enough.
            if (!certificate.RawDataMemory.Span.SequenceEqual(leaf.RawDataMemory.Span)) hash.AppendData(certificate.RawDataMemory.Span);
        }
        Span<byte> bytes = stackalloc byte[Digest.Size];
        hash.GetHashAndReset(bytes);
        return new Digest(bytes);
    }

    private static Exception Innermost(Exception exception) => exception.GetBaseException();
}
