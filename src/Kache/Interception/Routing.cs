using System.Net;
using Kache.Exchanges;
using Kache.Sessions;

namespace Kache.Interception;

/// <summary>What a request says of where it should go.</summary>
/// <param name="IsSecure">It came through TLS that was opened here.</param>
/// <param name="ServerName">SNI; null without.</param>
/// <param name="Tunnel">Where a CONNECT led; null without.</param>
/// <param name="Destination">Where the connection was going by its address; null where that does not say.</param>
/// <param name="Port">The port connected to.</param>
/// <param name="Host">Host or :authority as given; null or empty without.</param>
/// <param name="RawTarget">As received: origin form, absolute form or an asterisk.</param>
internal readonly record struct Wanted(bool IsSecure, string? ServerName, Authority? Tunnel, Authority? Destination, int Port, bool IsExplicit, string? Host, string RawTarget);

/// <summary>
/// Where a request goes: dialled is the SNI name, or the CONNECT target, or the original destination, and the port connected to; Host goes as given
/// (BEHAVIOUR N12). Pure.
/// </summary>
internal static class Routing
{
    /// <returns>A route, or why there is none.</returns>
    public static (RequestRoute Route, Refusal? Refusal) Of(in Wanted wanted)
    {
        var scheme = wanted.IsSecure ? "https" : "http";
        var target = wanted.RawTarget;
        Authority? named = null;
        if (!target.StartsWith('/') && target != "*")
        {
            if (!TrySplit(target, out var said, out named, out target)) return (default, Refusal.NoHost);
            // An explicit proxy may be asked for https without a tunnel; whoever opened TLS meant what it opened.
            if (!wanted.IsSecure) scheme = said;
        }
        else if (wanted is { IsExplicit: true, IsSecure: false, Tunnel: null })
        {
            return (default, Refusal.NotAProxyRequest);
        }
        return AuthorityOf(wanted, scheme, named) is { } authority
            ? (new RequestRoute(scheme, authority, target), null)
            : (default, Refusal.NoHost);
    }

    /// <summary>Whether another machine's client asks for what listens on this machine's loopback.</summary>
    public static bool IsServersOwn(Authority authority, IPAddress client) =>
        !IPAddress.IsLoopback(client)
        && (authority.Host is "localhost" || authority.Host.EndsWith(".localhost", StringComparison.Ordinal)
            || (IPAddress.TryParse(authority.DialName, out var address)
                && (IPAddress.IsLoopback(address) || (address.IsIPv4MappedToIPv6 && IPAddress.IsLoopback(address.MapToIPv4())))));

    private static Authority? AuthorityOf(in Wanted wanted, string scheme, Authority? named)
    {
        var port = wanted.Tunnel?.Port ?? wanted.Port;
        if (wanted.ServerName is { } name) return new Authority(Authority.NormalizeHost(name), port);
        if (wanted.Tunnel is { } tunnel) return tunnel;
        if (wanted.Destination is { } destination) return destination;
        if (wanted.IsExplicit && !wanted.IsSecure) return named;
        if (named is { } absolute) return absolute with { Port = port };
        return Authority.TryParse(wanted.Host, scheme == "https" ? 443 : 80, out var host) ? host with { Port = port } : null;
    }

    /// <summary>The absolute form (RFC 9112 §3.2.2), its path byte for byte.</summary>
    private static bool TrySplit(string absolute, out string scheme, out Authority? authority, out string target)
    {
        (scheme, authority, target) = ("", null, "");
        var end = absolute.IndexOf("://", StringComparison.Ordinal);
        if (end < 0) return false;
        scheme = absolute[..end].ToLowerInvariant();
        if (scheme is not ("http" or "https")) return false;
        var rest = absolute.AsSpan(end + 3);
        var slash = rest.IndexOfAny('/', '?');
        var name = slash < 0 ? rest : rest[..slash];
        // Credentials in a URL are not for us, and are no part of where it leads.
        if (name.LastIndexOf('@') is >= 0 and var at) name = name[(at + 1)..];
        if (!Authority.TryParse(name.ToString(), scheme == "https" ? 443 : 80, out var parsed)) return false;
        authority = parsed;
        target = slash < 0 ? "/" : rest[slash] == '?' ? "/" + rest[slash..].ToString() : rest[slash..].ToString();
        return true;
    }
}
