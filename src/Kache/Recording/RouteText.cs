using Kache.Exchanges;
using Kache.Sessions;

namespace Kache.Recording;

/// <summary>How a route is written for people: the scheme's own port is not said.</summary>
internal static class RouteText
{
    public static string Url(RequestRoute route)
    {
        var usual = route.Authority.Port == (route.Scheme == "https" ? 443 : 80);
        var target = route.Target.StartsWith('/') ? route.Target : "/" + route.Target;
        return $"{route.Scheme}://{(usual ? route.Authority.Host : route.Authority.ToString())}{target}";
    }
}
