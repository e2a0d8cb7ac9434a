using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Kache.Upstream;

/// <summary>Reads out of an exception's chain which step towards the origin failed. Pure.</summary>
internal static class FailureReading
{
    /// <returns>Null when the exception tells nothing about the origin.</returns>
    public static UpstreamException? Read(Exception exception)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
            if (inner is UpstreamException known) return known;
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (One(inner) is { } failure) return new UpstreamException(failure, Sentence(failure, inner), exception);
        }
        return exception is HttpRequestException or IOException
            ? new UpstreamException(UpstreamFailure.ProtocolError, Sentence(UpstreamFailure.ProtocolError, exception), exception)
            : null;
    }

    private static UpstreamFailure? One(Exception exception) => exception switch
    {
        SocketException socket => socket.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => UpstreamFailure.ConnectionRefused,
            SocketError.TimedOut => UpstreamFailure.ConnectionTimeout,
            SocketError.HostNotFound or SocketError.NoData => UpstreamFailure.DnsError,
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => UpstreamFailure.DestinationUnavailable,
            _ => UpstreamFailure.ConnectionTerminated,
        },
        AuthenticationException => UpstreamFailure.TlsProtocol,
        HttpRequestException http => OfRequest(http.HttpRequestError),
        HttpIOException http => OfRequest(http.HttpRequestError),
        TimeoutException => UpstreamFailure.ConnectionTimeout,
        _ => null,
    };

    private static UpstreamFailure? OfRequest(HttpRequestError error) => error switch
    {
        HttpRequestError.NameResolutionError => UpstreamFailure.DnsError,
        HttpRequestError.SecureConnectionError => UpstreamFailure.TlsProtocol,
        HttpRequestError.ResponseEnded => UpstreamFailure.ResponseIncomplete,
        HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError
            or HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.VersionNegotiationError => UpstreamFailure.ProtocolError,
        _ => null,
    };

    private static string Sentence(UpstreamFailure failure, Exception exception) => failure switch
    {
        UpstreamFailure.ConnectionRefused => "The origin refused the connection.",
        UpstreamFailure.ConnectionTimeout => "The origin did not accept the connection in time.",
        UpstreamFailure.DnsError => "The origin's name could not be resolved.",
        UpstreamFailure.DestinationUnavailable => "No route leads to the origin.",
        UpstreamFailure.ConnectionTerminated => "The connection to the origin broke.",
        UpstreamFailure.ResponseIncomplete => "The origin closed the connection before its answer was whole.",
        _ => $"The origin did not speak properly: {exception.Message}",
    };
}
