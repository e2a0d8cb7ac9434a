using System.Text;
using Kache.Api;
using Kache.Cli.Settings;
using Kache.Exchanges;

namespace Kache.Cli.Output;

/// <summary>What a shell needs in order to use a session through the explicit proxy.</summary>
internal static class SessionVariables
{
    // Bundles that distributions keep: Debian and relatives, Red Hat and relatives, others.
    private static readonly string[] SystemBundles =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"];

    // Those that replace a client's roots get the system's roots and ours; those that add get the same, which does no harm.
    public static readonly IReadOnlyList<string> BundleVariables =
        ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CARGO_HTTP_CAINFO", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE", "DENO_CERT", "NIX_SSL_CERT_FILE", "BUNDLE_SSL_CA_CERT"];

    /// <summary>Lower case is what curl reads for plain HTTP, upper case what most others do.</summary>
    public static readonly IReadOnlyList<string> ProxyVariables = ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"];

    public static async Task WriteAsync(Shell shell, SessionOpened opened, CancellationToken cancellation)
    {
        shell.Out.WriteLine($"# session {opened.Id}: {opened.Mode} {opened.Reference}{(opened.Digest is null ? "" : " " + opened.Digest)}");
        if (opened.Clients.Count > 0) shell.Out.WriteLine($"# clients {string.Join(' ', opened.Clients)}");
        if (opened.Proxy is null)
        {
            shell.Say("The server has no explicit proxy (--proxy-port 0): the session is used by its clients' addresses only.");
            return;
        }
        var bundle = await WriteBundleAsync(shell, opened, cancellation);
        shell.Out.WriteLine($"# proxy {opened.Proxy}");
        foreach (var name in ProxyVariables) shell.Out.WriteLine($"export {name}={opened.Proxy}");
        foreach (var name in BundleVariables) shell.Out.WriteLine($"export {name}={Quote(bundle)}");
        shell.Say($"Clients use it with these variables (eval \"$(…)\"); 'kache session close {opened.Id}' ends it.");
    }

    /// <summary>
    /// The system's roots, those that the user's variables name, and Kache's in one file: a bundle of ours alone would hide
    /// the real ones (BEHAVIOUR T2).
    /// </summary>
    public static async Task<string> WriteBundleAsync(Shell shell, SessionOpened opened, CancellationToken cancellation)
    {
        var folder = shell.Variable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime && Directory.Exists(runtime)
            ? Path.Combine(runtime, "kache") : Path.Combine(Folders.Configuration(shell.Variable), "bundles");
        Directory.CreateDirectory(folder);
        var roots = new List<string>();
        foreach (var bundle in Bundles(shell, folder)) roots.Add((await File.ReadAllTextAsync(bundle, cancellation)).Trim());
        roots.Add(opened.Ca.Trim());
        var content = Encoding.UTF8.GetBytes(string.Join('\n', roots.Distinct(StringComparer.Ordinal)) + "\n");
        // Named by what is in it: sessions of the same server share it, and nothing has to remove it.
        var file = Path.Combine(folder, $"ca-{Digest.Of(content).Hex[..16]}.pem");
        var fresh = $"{file}.{Environment.ProcessId}";
        await File.WriteAllBytesAsync(fresh, content, cancellation);
        File.Move(fresh, file, overwrite: true);
        return file;
    }

    /// <summary>Ours from an earlier session is none of them: its CA may be another's.</summary>
    private static IEnumerable<string> Bundles(Shell shell, string ours) =>
        SystemBundles.Where(File.Exists).Take(1)
            .Concat(BundleVariables.Select(shell.Variable).OfType<string>().Where(file => File.Exists(file) && Path.GetDirectoryName(Path.GetFullPath(file)) != ours))
            .Distinct(StringComparer.Ordinal);

    private static string Quote(string text) => text.AsSpan().ContainsAny(" '\"$`\\") ? $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'" : text;
}
