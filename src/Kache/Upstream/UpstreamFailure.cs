namespace Kache.Upstream;

/// <summary>Which step towards the origin failed. Tokens are in docs/errors.md and in Proxy-Status (RFC 9209 §2.3).</summary>
internal enum UpstreamFailure
{
    DnsTimeout,
    DnsError,
    ConnectionRefused,
    ConnectionTimeout,
    ConnectionTerminated,
    DestinationUnavailable,
    TlsCertificate,
    TlsProtocol,
    ResponseTimeout,
    ResponseIncomplete,
    ProtocolError,
    Loop,
}

/// <summary>The origin could not be reached or did not speak properly.</summary>
internal sealed class UpstreamException(UpstreamFailure failure, string message, Exception? inner = null) : IOException(message, inner)
{
    public UpstreamFailure Failure { get; } = failure;
}
