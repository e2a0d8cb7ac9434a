namespace Kache.Host;

/// <summary>
/// Files of roots that Python packages carry: certifi's, which requests and others read, and copies of it. pip's own copy is
/// not among them: pip is told the system's roots, and a mount within pip would keep it from upgrading itself.
/// </summary>
internal sealed class PythonRoots(HostPaths paths, Func<string, string?> variable)
{
    private static readonly string[] Prefixes =
    [
        "/usr", "/usr/local", "/opt/*", "/opt/*/envs/*", "/root/.local", "/home/*/.local", "/root/.pyenv/versions/*", "/home/*/.pyenv/versions/*",
        "/root/*conda*", "/home/*/*conda*", "/root/.local/share/uv/python/*", "/home/*/.local/share/uv/python/*", "/root/.local/pipx/venvs/*", "/home/*/.local/pipx/venvs/*",
        "/root/.local/share/pipx/venvs/*", "/home/*/.local/share/pipx/venvs/*", "/root/.local/share/uv/tools/*", "/home/*/.local/share/uv/tools/*",
    ];

    private static readonly string[] Packages =
        ["certifi/cacert.pem", "botocore/cacert.pem", "httplib2/cacerts.txt"];

    public IEnumerable<string> Find()
    {
        var named = new[] { variable("VIRTUAL_ENV"), variable("CONDA_PREFIX") }.OfType<string>().Where(path => path.StartsWith('/'));
        foreach (var prefix in Prefixes.Concat(named))
        {
            foreach (var place in new[] { "lib/python*/site-packages", "lib/python*/dist-packages", "lib64/python*/site-packages" })
                foreach (var package in Packages)
                    foreach (var file in paths.Find($"{prefix}/{place}/{package}")) yield return file;
            // conda's OpenSSL has its own.
            foreach (var file in paths.Find($"{prefix}/ssl/cacert.pem")) yield return file;
        }
    }
}
