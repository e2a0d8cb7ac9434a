using System.Text.RegularExpressions;

namespace Kache.Host;

/// <summary>Files of roots that a tool's configuration names. Pure.</summary>
internal static partial class NamedRoots
{
    public static Regex Pip { get; } = PipCert();

    public static Regex Npm { get; } = NpmCafile();

    public static Regex Git { get; } = GitSslCaInfo();

    public static Regex Curl { get; } = CurlCacert();

    public static Regex Wget { get; } = WgetCaCertificate();

    public static Regex Cargo { get; } = CargoCainfo();

    public static Regex Yarn { get; } = YarnCaFile();

    public static Regex Gem { get; } = GemCaCert();

    public static IReadOnlyList<string> Of(string text, Regex key) =>
        [.. key.Matches(text).Select(match => match.Groups["file"].Value.Trim().Trim('"', '\'')).Where(file => file.Length > 0)];

    [GeneratedRegex(@"^\s*cert\s*[=:]\s*(?<file>[^\r\n]+)$", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex PipCert();

    [GeneratedRegex(@"^\s*(cafile|ca)\s*=\s*(?<file>[^\r\n]+)$", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex NpmCafile();

    [GeneratedRegex(@"^\s*sslcainfo\s*=\s*(?<file>[^\r\n]+)$", RegexOptions.Multiline | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex GitSslCaInfo();

    [GeneratedRegex(@"^\s*(--)?cacert\s*[=:\s]\s*(?<file>[^\r\n]+)$", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex CurlCacert();

    [GeneratedRegex(@"^\s*ca[-_]?certificate\s*=\s*(?<file>[^\r\n]+)$", RegexOptions.Multiline | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex WgetCaCertificate();

    [GeneratedRegex(@"^\s*cainfo\s*=\s*(?<file>[^\r\n]+)$", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex CargoCainfo();

    [GeneratedRegex(@"^\s*(httpsCaFilePath|cafile)\s*:?\s*(?<file>[^\r\n]+)$", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex YarnCaFile();

    [GeneratedRegex(@"^\s*:ssl_ca_cert:\s*(?<file>[^\r\n]+)$", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex GemCaCert();
}
