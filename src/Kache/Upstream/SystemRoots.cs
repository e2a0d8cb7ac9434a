using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kache.Upstream;

/// <summary>The machine's trusted roots, read from where OpenSSL and the distributions keep them.</summary>
internal static class SystemRoots
{
    // Debian and Ubuntu, Red Hat, SUSE, Alpine, in that order; the first that exists is the machine's.
    private static readonly string[] Bundles =
    [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];

    /// <param name="variable">Looks up an environment variable: SSL_CERT_FILE and SSL_CERT_DIR win over the usual places.</param>
    public static X509Certificate2Collection Read(Func<string, string?> variable)
    {
        var roots = new X509Certificate2Collection();
        var file = variable("SSL_CERT_FILE");
        var folder = variable("SSL_CERT_DIR");
        if (!string.IsNullOrEmpty(file)) AddFile(roots, file);
        if (!string.IsNullOrEmpty(folder) && roots.Count == 0)
        {
            foreach (var path in folder.Split(':', StringSplitOptions.RemoveEmptyEntries)) AddFolder(roots, path);
        }
        if (roots.Count > 0) return roots;
        foreach (var bundle in Bundles)
        {
            AddFile(roots, bundle);
            if (roots.Count > 0) break;
        }
        return roots;
    }

    private static void AddFolder(X509Certificate2Collection roots, string folder)
    {
        if (!Directory.Exists(folder)) return;
        // A folder made by c_rehash holds every certificate twice, once under its hash.
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder))
        {
            var found = new X509Certificate2Collection();
            AddFile(found, path);
            foreach (var root in found)
                if (seen.Add(root.GetCertHashString(HashAlgorithmName.SHA256))) roots.Add(root);
        }
    }

    private static void AddFile(X509Certificate2Collection roots, string path)
    {
        if (!File.Exists(path)) return;
        try
        {
            roots.ImportFromPemFile(path);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            // What cannot be read is not trusted: fewer roots make errors that name the issuer, never wrong trust.
        }
    }
}
