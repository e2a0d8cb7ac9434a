using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kache.Api;
using Kache.Certificates;
using Kache.Host;
using Kache.Upstream;
using ResolvConf = Kache.Upstream.Resolving.ResolvConf;

namespace Kache.Server;

/// <summary>How a server that records reaches origins, by what it was told. A server that only plays back never comes here.</summary>
internal static class WayOutOfServer
{
    /// <exception cref="KacheException">A file of roots cannot be read.</exception>
    public static WayOut Create(ServeOptions options, CertificateAuthority own, TimeProvider clock)
    {
        var upstream = new UpstreamOptions
        {
            Resolvers = options.UpstreamDns,
            ResolversBefore = ResolversBefore(),
            ExtraRoots = Roots(options.UpstreamCa),
            Proxy = options.UpstreamProxy,
            IsOwnAddress = Endpoints.OwnAddress(options),
        };
        var system = SystemRoots.Read(Environment.GetEnvironmentVariable);
        return WayOut.Create(upstream, new UpstreamTrust(system, upstream.ExtraRoots, own.Certificate, clock), clock);
    }

    /// <summary>While a start on this machine leads names here, what the machine asked before.</summary>
    private static IReadOnlyList<IPEndPoint> ResolversBefore()
    {
        var file = new HostPaths().ResolversBefore;
        return File.Exists(file) ? ResolvConf.Parse(File.ReadAllText(file)) : [];
    }

    private static X509Certificate2Collection Roots(IReadOnlyList<string> files)
    {
        var roots = new X509Certificate2Collection();
        foreach (var file in files)
        {
            try
            {
                var before = roots.Count;
                roots.ImportFromPemFile(file);
                if (roots.Count == before) throw new KacheException("invalid", $"--upstream-ca {file}: it holds no certificate. It must be a PEM file.");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                throw new KacheException("invalid", $"--upstream-ca {file}: it cannot be read as PEM certificates: {e.Message}", e);
            }
        }
        return roots;
    }
}
