using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Kache.EndToEnd.Origins;

/// <summary>A package index for pip (PEP 503, with PEP 658 metadata), and wheels that depend on each other.</summary>
internal static class WheelIndex
{
    private static readonly (string Name, string Version, string[] Requires)[] Packages =
    [
        ("trunk", "2.1.0", ["branch>=1.0", "leaf[green]==3.2.1", "bark"]),
        ("branch", "0.9.0", ["leaf"]),
        ("branch", "1.4.2", ["leaf>=3", "twig<2"]),
        ("twig", "1.9.9", ["leaf"]),
        ("twig", "2.0.0", ["leaf"]),
        ("leaf", "3.2.1", ["vein; extra == 'green'"]),
        ("leaf", "4.0.0rc1", []),
        ("vein", "1.0", []),
        ("bark", "5.0.0.post1", ["vein"]),
    ];

    public static async Task MakeAsync(WebServer server)
    {
        foreach (var package in Packages.GroupBy(p => p.Name, StringComparer.Ordinal))
        {
            var page = new StringBuilder("<!DOCTYPE html><html><body>\n");
            foreach (var (name, version, requires) in package)
            {
                var (wheel, metadata) = Wheel(name, version, requires);
                var file = $"{name}-{version}-py3-none-any.whl";
                await server.PutAsync("pip.test", $"files/{file}", wheel);
                await server.PutAsync("pip.test", $"files/{file}.metadata", metadata);
                page.Append($"<a href=\"../../files/{file}#sha256={Hex(wheel)}\" data-dist-info-metadata=\"sha256={Hex(metadata)}\" data-requires-python=\"&gt;=3.8\">{file}</a><br>\n");
            }
            await server.PutAsync("pip.test", $"simple/{package.Key}/index.html", Encoding.UTF8.GetBytes(page.Append("</body></html>\n").ToString()));
        }
    }

    private static (byte[] Wheel, byte[] Metadata) Wheel(string name, string version, string[] requires)
    {
        var folder = $"{name}-{version}.dist-info";
        var metadata = Encoding.UTF8.GetBytes(string.Concat(
            $"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            name == "leaf" ? "Provides-Extra: green\n" : "",
            string.Concat(requires.Select(r => $"Requires-Dist: {r}\n"))));
        var files = new List<(string Path, byte[] Content)>
        {
            ($"{name}/__init__.py", Encoding.UTF8.GetBytes($"__version__ = '{version}'\n")),
            ($"{name}/data.bin", DeterministicBytes.Make(200_000, seed: name.Length + version.Length)),
            ($"{folder}/METADATA", metadata),
            ($"{folder}/WHEEL", "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"u8.ToArray()),
        };
        var record = string.Concat(files.Select(f => $"{f.Path},sha256={Base64(f.Content)},{f.Content.Length}\n")) + $"{folder}/RECORD,,\n";
        files.Add(($"{folder}/RECORD", Encoding.UTF8.GetBytes(record)));

        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, content) in files)
            {
                var entry = zip.CreateEntry(path);
                entry.LastWriteTime = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var into = entry.Open();
                into.Write(content);
            }
        }
        return (stream.ToArray(), metadata);
    }

    private static string Hex(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static string Base64(byte[] content) => Convert.ToBase64String(SHA256.HashData(content)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
