using System.Collections.Frozen;

namespace Kache.Dns;

/// <summary>
/// Public resolvers over HTTPS or TLS that clients are known to have built in. Their names are refused, so that a client
/// which has a choice comes back to the machine's resolver (BEHAVIOUR N7). A list can only be of the well-known; the
/// rest is documented in docs/dns.md, not promised. Pure.
/// </summary>
internal static class EncryptedResolvers
{
    // From what Firefox, Chromium, Android, Windows and curl's wiki page list; a name stands for those below it too.
    private static readonly FrozenSet<string> Zones = new[]
    {
        "cloudflare-dns.com",
        "cloudflare-gateway.com",
        "dns.google",
        "dns64.dns.google",
        "dns.google.com",
        "one.one.one.one",
        "dns.quad9.net",
        "dns9.quad9.net",
        "dns10.quad9.net",
        "dns11.quad9.net",
        "dns12.quad9.net",
        "doh.opendns.com",
        "doh.familyshield.opendns.com",
        "doh.umbrella.com",
        "dns.nextdns.io",
        "doh.cleanbrowsing.org",
        "dns.adguard.com",
        "dns.adguard-dns.com",
        "dns-family.adguard.com",
        "dns-unfiltered.adguard.com",
        "family.adguard-dns.com",
        "unfiltered.adguard-dns.com",
        "freedns.controld.com",
        "dns.controld.com",
        "dns.mullvad.net",
        "doh.mullvad.net",
        "doh.xfinity.com",
        "doh.dns.sb",
        "dns.alidns.com",
        "doh.pub",
        "dot.pub",
        "doh.360.cn",
        "dns.twnic.tw",
        "odvr.nic.cz",
        "dns.digitale-gesellschaft.ch",
        "dns0.eu",
        "dns.switch.ch",
        "wikimedia-dns.org",
        "private.canadianshield.cira.ca",
        "protected.canadianshield.cira.ca",
        "family.canadianshield.cira.ca",
        "public.dns.iij.jp",
        "doh.libredns.gr",
        "doh.applied-privacy.net",
        "doh.dns.apple.com",
    }.ToFrozenSet(StringComparer.Ordinal);

    public static bool Includes(string name)
    {
        for (var at = 0; at >= 0; at = name.IndexOf('.', at) is >= 0 and var dot ? dot + 1 : -1)
        {
            if (Zones.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name.AsSpan(at))) return true;
        }
        return false;
    }
}
