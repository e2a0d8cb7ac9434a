using System.Net.Sockets;
using System.Security.Authentication;
using Kache.Upstream;
using Xunit;

namespace Kache.Tests.Upstream;

[Trait("Row", "H22")]
public sealed class FailureTests
{
    public static TheoryData<string, string> Failures => new(Exceptions.Select(row => (row.Key, row.Value.Token)));

    private static readonly Dictionary<string, (Exception Exception, string Token)> Exceptions = new(StringComparer.Ordinal)
    {
        ["refused"] = (Request(HttpRequestError.ConnectionError, new SocketException((int)SocketError.ConnectionRefused)), "connection_refused"),
        ["no answer to SYN"] = (Request(HttpRequestError.ConnectionError, new SocketException((int)SocketError.TimedOut)), "connection_timeout"),
        ["no route"] = (Request(HttpRequestError.ConnectionError, new SocketException((int)SocketError.NetworkUnreachable)), "destination_unavailable"),
        ["no name"] = (Request(HttpRequestError.NameResolutionError, new SocketException((int)SocketError.HostNotFound)), "dns_error"),
        ["reset"] = (new IOException("x", new SocketException((int)SocketError.ConnectionReset)), "connection_terminated"),
        ["TLS"] = (Request(HttpRequestError.SecureConnectionError, new AuthenticationException("x")), "tls_protocol_error"),
        ["ours"] = (Request(HttpRequestError.ConnectionError, new UpstreamException(UpstreamFailure.TlsCertificate, "expired")), "tls_certificate_error"),
        ["ended in the head"] = (Request(HttpRequestError.ResponseEnded, new HttpIOException(HttpRequestError.ResponseEnded)), "http_response_incomplete"),
        ["ended in the body"] = (new HttpIOException(HttpRequestError.ResponseEnded, "x"), "http_response_incomplete"),
        ["garbage"] = (Request(HttpRequestError.InvalidResponse, null), "http_protocol_error"),
        ["head too long"] = (Request(HttpRequestError.ConfigurationLimitExceeded, null), "http_protocol_error"),
        ["connecting took too long"] = (new HttpRequestException("x", new TimeoutException()), "connection_timeout"),
        ["unknown"] = (new IOException("x"), "http_protocol_error"),
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void The_step_that_failed_is_read_out_of_the_exception(string name, string token) =>
        Assert.Equal(token, FailureReading.Read(Exceptions[name].Exception)!.Failure.Token());

    [Fact]
    public void What_tells_nothing_of_the_origin_is_not_read() => Assert.Null(FailureReading.Read(new InvalidOperationException()));

    [Fact]
    public void Every_failure_has_a_token_of_its_own_and_a_status()
    {
        var failures = Enum.GetValues<UpstreamFailure>();
        Assert.Equal(failures.Length, failures.Select(f => f.Token()).Distinct().Count());
        Assert.All(failures, failure => Assert.InRange(failure.Status(), 502, 508));
    }

    private static HttpRequestException Request(HttpRequestError error, Exception? inner) => new(error, "x", inner);
}
