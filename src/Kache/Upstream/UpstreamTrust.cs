using System.Security.Cryptography.X509Certificates;

namespace Kache.Upstream;

/// <summary>
/// Says whether an origin's certificate is good, strictly: chain, time, purpose, name. Trusts the system's
/// roots and those named beside them, and never Kache's own CA: on a host where Kache is at work the system's
/// bundle holds it. Dials nowhere: no revocation look-ups, no fetching of missing issuers.
/// </summary>
internal sealed class UpstreamTrust
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2Collection _roots = [];
    private readonly TimeProvider _clock;

    /// <param name="system">Usually <see cref="SystemRoots.Read"/>.</param>
    /// <param name="extra"><see cref="UpstreamOptions.ExtraRoots"/>.</param>
    /// <param name="own">Kache's CA, left out of the trusted; null when there is none.</param>
    public UpstreamTrust(X509Certificate2Collection system, X509Certificate2Collection extra, X509Certificate2? own, TimeProvider clock)
    {
        _clock = clock;
        foreach (var root in system.Concat(extra))
        {
            if (own is null || !root.RawDataMemory.Span.SequenceEqual(own.RawDataMemory.Span)) _roots.Add(root);
        }
    }

    /// <param name="host">Name or address dialled, without brackets.</param>
    /// <param name="sent">The certificates that came with the leaf.</param>
    /// <returns>Null when the certificate is good, else the exact reason, one sentence.</returns>
    public string? Fault(string host, X509Certificate2? leaf, X509Certificate2Collection sent)
    {
        if (leaf is null) return $"{host} showed no certificate.";
        // The common name has not been a host's name since RFC 6125; browsers and Go ignore it.
        if (!leaf.MatchesHostname(host, allowWildcards: true, allowCommonName: false))
            return $"The certificate of {host} is for {Names(leaf)}.";
        using var chain = new X509Chain();
        chain.ChainPolicy = Policy(sent);
        return chain.Build(leaf) ? null : Reason(host, chain);
    }

    private X509ChainPolicy Policy(X509Certificate2Collection sent)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationTime = _clock.GetUtcNow().UtcDateTime,
            VerificationTimeIgnored = false,
        };
        policy.CustomTrustStore.AddRange(_roots);
        policy.ExtraStore.AddRange(sent);
        policy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ServerAuthentication));
        return policy;
    }

    private static string Reason(string host, X509Chain chain)
    {
        foreach (var element in chain.ChainElements)
        {
            foreach (var status in element.ChainElementStatus)
            {
                if (status.Status == X509ChainStatusFlags.NoError) continue;
                var subject = element.Certificate.Subject;
                return status.Status switch
                {
                    X509ChainStatusFlags.NotTimeValid =>
                        $"The certificate '{subject}' of {host} is valid from {Day(element.Certificate.NotBefore)} to {Day(element.Certificate.NotAfter)} only.",
                    X509ChainStatusFlags.UntrustedRoot => $"The certificate of {host} ends at '{subject}', which is not a trusted root.",
                    X509ChainStatusFlags.PartialChain =>
                        $"The certificate of {host} was issued by '{element.Certificate.Issuer}', which is not a trusted root, and the origin sent no path to one.",
                    _ => $"The certificate '{subject}' of {host} does not hold: {status.StatusInformation.Trim()}.",
                };
            }
        }
        return $"The certificate of {host} does not hold.";
    }

    private static string Day(DateTime time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", System.Globalization.CultureInfo.InvariantCulture);

    private static string Names(X509Certificate2 leaf)
    {
        foreach (var extension in leaf.Extensions)
        {
            if (extension is not X509SubjectAlternativeNameExtension names) continue;
            var all = names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(a => a.ToString())).Take(5).ToList();
            if (all.Count > 0) return string.Join(", ", all);
        }
        return $"no host ('{leaf.Subject}' has no alternative names)";
    }
}
