using Kache.Host;

namespace Kache.Sandbox;

/// <summary>
/// The variables by which tools with roots of their own are told which to take (BEHAVIOUR T1). One that names a file already
/// keeps its word: that file has our certificate inside (T2).
/// </summary>
internal static class TrustVariables
{
    // It adds to node's roots; the certificate alone is read in a moment, a bundle takes a tenth of a second each start.
    private const string Adding = "NODE_EXTRA_CA_CERTS";

    // npm's is a setting, and replaces what NODE_EXTRA_CA_CERTS does as well.
    private const string Setting = "npm_config_cafile";

    /// <param name="bundle">The machine's file of roots, ours among them.</param>
    /// <param name="certificate">Ours alone.</param>
    public static void Set(CommandEnvironment variables, string bundle, string certificate)
    {
        foreach (var name in TrustStores.FileVariables.Where(n => n != Setting))
        {
            if (variables.Get(name) is { } told && told.StartsWith('/') && File.Exists(told)) continue;
            variables.Set(name, name == Adding ? certificate : bundle);
        }
        // uv brings its own roots and is told to use the system's; its newer name is the second.
        foreach (var name in new[] { "UV_NATIVE_TLS", "UV_SYSTEM_CERTS" })
            if (variables.Get(name) is null) variables.Set(name, "true");
    }
}
