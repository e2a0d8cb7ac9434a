using System.Net.Security;
using System.Security.Authentication;
using Kache.Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Kache.Interception;

/// <summary>
/// Opens TLS with a leaf for exactly the name that the client asked for; without SNI, for where its tunnel leads, else for the
/// address that it came to (BEHAVIOUR N10). Who is on the other side is never told by TLS.
/// </summary>
internal sealed class TlsOpener(LeafCertificates leaves)
{
    // Slow machines under load have been seen to take more than Kestrel's ten seconds.
    private static readonly TimeSpan LongestHandshake = TimeSpan.FromSeconds(30);

    private static readonly List<SslApplicationProtocol> Both = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];
    private static readonly List<SslApplicationProtocol> OnlyHttp1 = [SslApplicationProtocol.Http11];

    public TlsHandshakeCallbackOptions Options => new()
    {
        HandshakeTimeout = LongestHandshake,
        OnConnection = context => ValueTask.FromResult(For(context)),
    };

    private SslServerAuthenticationOptions For(TlsHandshakeCallbackContext context)
    {
        var connection = context.Connection.Features.Get<InterceptedConnection>()!;
        var said = context.ClientHelloInfo.ServerName;
        var named = LeafName.TryParse(said, out var name);
        if (!named && !string.IsNullOrEmpty(said)) throw new AuthenticationException("The name in SNI is not a host's name.");
        // RFC 6066 §3: an address is no name; clients that send one all the same mean where they went.
        if (named) connection.ServerName = name;
        connection.IsSecure = true;
        if (!named && !LeafName.TryParse((connection.Tunnel ?? connection.Destination)?.DialName, out name)) name = connection.Local.Address.ToString();
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = leaves.For(name!),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = connection.Session?.Options.IsHttp1(name!) == true ? OnlyHttp1 : Both,
        };
    }
}
