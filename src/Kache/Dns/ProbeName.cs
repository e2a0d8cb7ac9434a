namespace Kache.Dns;

/// <summary>
/// The name that only Kache answers, over DNS and HTTPS, to every client with a session: it proves the path.
/// Under .internal, which ICANN reserved for private use: nothing public answers it, and no resolver treats it specially.
/// </summary>
internal static class ProbeName
{
    public const string Host = "probe.kache.internal";

    /// <summary>The text record of the probe name: who answers with it is a Kache, or leads to one.</summary>
    public const string Mark = "kache";
}
