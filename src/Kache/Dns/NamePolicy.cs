using Kache.Dns.Messages;

namespace Kache.Dns;

/// <summary>What is done with a question.</summary>
internal enum NameRule
{
    /// <summary>No rule for everybody: the client's session knows.</summary>
    AskSession,

    /// <summary>The proxy's address: the probe name.</summary>
    Proxy,

    /// <summary>The text that marks a Kache.</summary>
    ProbeMark,
    Loopback,
    NoData,
    NoSuchName,
    Any,
    Refused,
    NotImplemented,
}

/// <summary>
/// The questions that are answered the same way for everybody, without asking a session:
/// HTTPS, SVCB, SRV of the web, ANY, localhost, DNS-over-HTTPS names. Pure.
/// </summary>
internal static class NamePolicy
{
    /// <summary>Asked by Firefox: NXDOMAIN keeps it from going around the machine's resolver (BEHAVIOUR N7).</summary>
    private const string Canary = "use-application-dns.net";

    /// <param name="name">Lower case, no trailing dot.</param>
    public static NameRule RuleFor(string name, int type, int questionClass)
    {
        if (questionClass != ClientQuery.InternetClass) return NameRule.Refused;
        if (IsMeta(type)) return type is RecordType.Axfr or RecordType.Ixfr ? NameRule.Refused : NameRule.NotImplemented;
        if (IsAtOrBelow(name, Canary)) return NameRule.NoSuchName;
        if (EncryptedResolvers.Includes(name)) return NameRule.Refused;
        if (type == RecordType.Any) return NameRule.Any;
        if (name == ProbeName.Host) return ForProbe(type);
        // RFC 6761 §6.3.
        if (IsAtOrBelow(name, "localhost")) return type is RecordType.A or RecordType.Aaaa ? NameRule.Loopback : NameRule.NoData;
        // They would take the client to HTTP/3, to other ports and past names that a proxy can read (BEHAVIOUR N1, N8).
        if (type is RecordType.Https or RecordType.Svcb) return NameRule.NoData;
        // apt asks it first, and would follow it around (BEHAVIOUR N2).
        if (type == RecordType.Srv && (name.StartsWith("_http._tcp.", StringComparison.Ordinal) || name.StartsWith("_https._tcp.", StringComparison.Ordinal)))
            return NameRule.NoData;
        return NameRule.AskSession;
    }

    internal static bool IsAtOrBelow(string name, string zone) =>
        name.EndsWith(zone, StringComparison.Ordinal) && (name.Length == zone.Length || name[^(zone.Length + 1)] == '.');

    private static NameRule ForProbe(int type) => type switch
    {
        RecordType.A or RecordType.Aaaa => NameRule.Proxy,
        RecordType.Txt => NameRule.ProbeMark,
        _ => NameRule.NoData,
    };

    private static bool IsMeta(int type) => type is >= RecordType.FirstMeta and < RecordType.Any;
}
