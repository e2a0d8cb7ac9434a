namespace Kache.Upstream;

/// <summary>How a failure towards the origin is told: its token (RFC 9209 §2.3, docs/errors.md) and its status.</summary>
internal static class FailureTokens
{
    public static string Token(this UpstreamFailure failure) => failure switch
    {
        UpstreamFailure.DnsTimeout => "dns_timeout",
        UpstreamFailure.DnsError => "dns_error",
        UpstreamFailure.ConnectionRefused => "connection_refused",
        UpstreamFailure.ConnectionTimeout => "connection_timeout",
        UpstreamFailure.ConnectionTerminated => "connection_terminated",
        UpstreamFailure.DestinationUnavailable => "destination_unavailable",
        UpstreamFailure.TlsCertificate => "tls_certificate_error",
        UpstreamFailure.TlsProtocol => "tls_protocol_error",
        UpstreamFailure.ResponseTimeout => "http_response_timeout",
        UpstreamFailure.ResponseIncomplete => "http_response_incomplete",
        UpstreamFailure.ProtocolError => "http_protocol_error",
        UpstreamFailure.Loop => "proxy_loop_detected",
        _ => throw new ArgumentOutOfRangeException(nameof(failure), failure, "not a failure"),
    };

    /// <summary>504 where time ran out, 508 for a loop, else 502: RFC 9209 recommends these for its error types.</summary>
    public static int Status(this UpstreamFailure failure) => failure switch
    {
        UpstreamFailure.DnsTimeout or UpstreamFailure.ConnectionTimeout or UpstreamFailure.ResponseTimeout => 504,
        UpstreamFailure.Loop => 508,
        _ => 502,
    };
}
