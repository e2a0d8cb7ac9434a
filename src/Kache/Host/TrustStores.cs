using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Kache.Host;

/// <summary>Finds where this machine, and the tools on it, keep their roots. Reads only.</summary>
/// <param name="variable">The environment of whoever calls: variables that name a file of roots get our certificate in that file.</param>
internal sealed partial class TrustStores(HostPaths paths, Func<string, string?> variable)
{
    /// <summary>Variables that name a file of roots (BEHAVIOUR T1), ours and other tools'.</summary>
    public static readonly IReadOnlyList<string> FileVariables =
    [
        "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CARGO_HTTP_CAINFO", "GIT_SSL_CAINFO",
        "AWS_CA_BUNDLE", "DENO_CERT", "NIX_SSL_CERT_FILE", "BUNDLE_SSL_CA_CERT", "HTTPLIB2_CA_CERTS", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
        "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", "HEX_CACERTS_PATH", "npm_config_cafile",
    ];

    /// <summary>Files of roots, by where distributions keep them: Debian and Alpine, Red Hat, SUSE, others. The first that exists is the machine's.</summary>
    private static readonly string[] Bundles =
    [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/pki/tls/certs/ca-bundle.crt",
        "/var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/ca-bundle.pem", "/etc/ca-certificates/extracted/tls-ca-bundle.pem", "/etc/pki/tls/cacert.pem", "/etc/ssl/cert.pem",
    ];

    // Red Hat's and SUSE's folders hold both what is built and, below "anchors", what it is built from.
    private static readonly string[] RootFolders = ["/etc/ssl/certs", "/etc/pki/ca-trust", "/etc/pki/tls/certs", "/var/lib/ca-certificates", "/etc/ca-certificates"];

    private static readonly string[] AnchorFolders =
        ["/usr/local/share/ca-certificates", "/etc/pki/ca-trust/source/anchors", "/etc/pki/trust/anchors", "/etc/ca-certificates/trust-source/anchors"];

    private static readonly HashSet<string> BundleNames = new(
        ["ca-certificates.crt", "ca-bundle.crt", "ca-bundle.trust.crt", "ca-bundle.pem", "tls-ca-bundle.pem", "cert.pem", "cacert.pem"], StringComparer.Ordinal);

    private static readonly HashSet<string> KeyStoreNames = new(["cacerts", "jssecacerts", "java-cacerts"], StringComparer.Ordinal);

    // A folder of roots has a megabyte or two; more is something else, and /run is memory.
    private const long LargestFolder = 64 * 1024 * 1024;

    private readonly List<PlannedFolder> _folders = [];
    private readonly Dictionary<string, PlannedFile> _files = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];

    /// <summary>The machine's file of roots, as programs name it; null when there is none.</summary>
    public string? Bundle => Bundles.FirstOrDefault(path => File.Exists(paths.Real(paths.At(path))));

    public HostPlan Find(HostFacts facts)
    {
        using var certificate = X509Certificate2.CreateFromPem(facts.Ca);
        foreach (var folder in AnchorFolders.Where(HasAnchors)) AddAnchors(paths.Real(paths.At(folder)), facts);
        foreach (var folder in RootFolders.Concat(NamedFolders())) AddFolder(folder, facts, certificate);
        foreach (var bundle in Bundles) AddFile(paths.At(bundle), new Edit(EditKind.Roots));
        foreach (var file in NamedFiles()) AddFile(file, new Edit(EditKind.Roots));
        foreach (var store in KeyStores()) AddFile(store, new Edit(EditKind.KeyStore));
        AddNamedKeyStore();
        foreach (var file in new PythonRoots(paths, variable).Find()) AddFile(file, new Edit(EditKind.Roots));
        AddTools();
        return new HostPlan(_folders, [.. _files.Values], [.. RootFolders.Concat(AnchorFolders).Select(f => paths.Real(paths.At(f))).Distinct(StringComparer.Ordinal)], _notes);
    }

    /// <summary>Files of roots that the caller's variables and configuration name: their roots serve upstream too (BEHAVIOUR T2).</summary>
    public IReadOnlyList<string> NamedFiles() =>
        [.. FileVariables.Select(variable).OfType<string>().Where(path => path.StartsWith('/')).Select(paths.At).Concat(new ToolFiles(paths, variable).NamedFiles())
            .Where(File.Exists).Select(paths.Real).Distinct(StringComparer.Ordinal)];

    private IEnumerable<string> NamedFolders() => (variable("SSL_CERT_DIR") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Where(path => path.StartsWith('/'));

    // Debian's is looked for by the package that makes the roots, which may come later.
    private bool HasAnchors(string folder) =>
        Directory.Exists(paths.Real(paths.At(folder))) || (folder == AnchorFolders[0] && (File.Exists(paths.At("/etc/debian_version")) || File.Exists(paths.At("/etc/alpine-release"))));

    private void AddAnchors(string folder, HostFacts facts)
    {
        if (RootFolders.Any(root => IsBelow(folder, paths.Real(paths.At(root))))) return;
        _folders.Add(new PlannedFolder(folder, [new FolderEdit($"{facts.Name}.crt", new Edit(EditKind.Certificate))], new Dictionary<string, string>(StringComparer.Ordinal)));
    }

    private void AddFolder(string told, HostFacts facts, X509Certificate2 certificate)
    {
        var folder = paths.Real(paths.At(told));
        if (!Directory.Exists(folder) || _folders.Exists(f => f.Path == folder || IsBelow(folder, f.Path))) return;
        var content = new FolderContent(folder);
        if (content.Bytes > LargestFolder)
        {
            _notes.Add($"{told} is too large for a folder of roots ({content.Bytes / (1024 * 1024)} MiB): it is left as it is.");
            return;
        }
        var edits = content.Files.Where(path => BundleNames.Contains(Path.GetFileName(path))).Select(path => new FolderEdit(path, new Edit(EditKind.Roots)))
            .Concat(content.Files.Where(path => KeyStoreNames.Contains(Path.GetFileName(path))).Select(path => new FolderEdit(path, new Edit(EditKind.KeyStore)))).ToList();
        var links = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var hashed in content.Folders.Where(below => IsHashed(content, below) || (below.Length == 0 && told == RootFolders[0])))
            AddHashed(hashed, content, facts, certificate, edits, links);
        foreach (var anchors in AnchorFolders.Select(a => paths.Real(paths.At(a))).Where(a => Directory.Exists(a) && IsBelow(a, folder)))
            edits.Add(new FolderEdit(Path.Combine(Path.GetRelativePath(folder, anchors), $"{facts.Name}.pem"), new Edit(EditKind.Certificate)));
        if (edits.Count > 0) _folders.Add(new PlannedFolder(folder, edits, links));
    }

    private static bool IsHashed(FolderContent content, string below) => content.Names(below).Any(name => HashName().IsMatch(name));

    /// <summary>The certificate under its own name, and the link by which OpenSSL finds it, as update-ca-certificates would make them.</summary>
    private void AddHashed(string below, FolderContent content, HostFacts facts, X509Certificate2 certificate, List<FolderEdit> edits, Dictionary<string, string> links)
    {
        var hash = SubjectHash.Of(certificate);
        var names = content.Names(below).ToHashSet(StringComparer.Ordinal);
        var number = Enumerable.Range(0, int.MaxValue).First(n => !names.Contains($"{hash}.{n}"));
        var name = $"{facts.Name}.pem";
        var anchor = _folders.Find(f => f.Edits is [{ Edit.Kind: EditKind.Certificate }]);
        if (anchor is null) edits.Add(new FolderEdit(Path.Combine(below, name), new Edit(EditKind.Certificate)));
        else links[Path.Combine(below, name)] = $"{paths.Told(anchor.Path)}/{facts.Name}.crt";
        links[Path.Combine(below, $"{hash}.{number}")] = name;
    }

    private void AddFile(string path, Edit edit)
    {
        var file = paths.Real(path);
        if (!File.Exists(file) || _folders.Exists(f => f.Edits.Any(e => Path.Combine(f.Path, e.Path) == file))) return;
        _files.TryAdd(file, new PlannedFile(file, edit));
    }

    private IEnumerable<string> KeyStores()
    {
        string[] homes =
        [
            "/usr/lib/jvm/*", "/usr/java/*", "/usr/local/openjdk*", "/usr/local/lib/jvm/*", "/opt/java/*", "/opt/*", "/home/*/.sdkman/candidates/java/*",
            "/root/.sdkman/candidates/java/*", "/home/*/.jdks/*", "/root/.jdks/*",
        ];
        var found = homes.SelectMany(paths.Find);
        if (variable("JAVA_HOME") is { } told && told.StartsWith('/')) found = found.Append(paths.At(told));
        return found.SelectMany(home => new[] { "lib/security", "jre/lib/security" }.SelectMany(folder => KeyStoreNames.Select(name => Path.Combine(home, folder, name))));
    }

    private void AddNamedKeyStore()
    {
        var options = variable("JAVA_TOOL_OPTIONS") ?? "";
        if (TrustStoreOption().Match(options) is not { Success: true } named) return;
        var password = TrustStorePasswordOption().Match(options) is { Success: true } told ? told.Groups["word"].Value : JavaKeyStore.DefaultPassword;
        AddFile(paths.At(named.Groups["file"].Value), new Edit(EditKind.KeyStore, password));
    }

    private void AddTools()
    {
        if (Bundle is null) return;
        foreach (var tool in new ToolFiles(paths, variable).Find()) _files.TryAdd(tool.Path, tool);
    }

    private static bool IsBelow(string path, string folder) => path.StartsWith(folder + "/", StringComparison.Ordinal);

    [GeneratedRegex(@"^[0-9a-f]{8}\.[0-9]+$", RegexOptions.NonBacktracking)]
    private static partial Regex HashName();

    [GeneratedRegex(@"-Djavax\.net\.ssl\.trustStore=""?(?<file>/[^\s""]+)", RegexOptions.NonBacktracking)]
    private static partial Regex TrustStoreOption();

    [GeneratedRegex(@"-Djavax\.net\.ssl\.trustStorePassword=""?(?<word>[^\s""]+)", RegexOptions.NonBacktracking)]
    private static partial Regex TrustStorePasswordOption();
}
