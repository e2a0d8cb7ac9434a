namespace Kache.Playback.Matching;

/// <summary>
/// Query parameters that sign a URL and expire with it (BEHAVIOUR H15): they prove who may fetch, and say
/// nothing about what. Which families count, and why, is in docs/matching.md. Pure.
/// </summary>
internal static class SigningParameters
{
    private static readonly string[] Prefixes = ["x-amz-", "x-goog-"];

    // Alone these are ordinary words; they count only beside the signature of their family.
    private static readonly (string Signature, string[] Others)[] Families =
    [
        ("sig", ["sv", "se", "sp", "sr", "st", "skoid", "sktid", "skt", "ske", "sks", "skv", "spr", "sip", "sdd", "rscc", "ss", "srt", "hmac"]),
        ("signature", ["expires", "key-pair-id", "policy", "awsaccesskeyid", "googleaccessid"]),
        ("hdnea", []),
        ("__token__", []),
        ("hdnts", []),
    ];

    /// <returns>The target without them, the rest as it was; null when it has none.</returns>
    public static string? Strip(string target)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        if (question < 0) return null;
        var parameters = target[(question + 1)..].Split('&');
        var names = Array.ConvertAll(parameters, NameOf);
        var kept = new List<string>(parameters.Length);
        for (var i = 0; i < parameters.Length; i++)
            if (!Signs(names[i], names)) kept.Add(parameters[i]);
        if (kept.Count == parameters.Length) return null;
        return kept.Count == 0 ? target[..question] : $"{target[..question]}?{string.Join('&', kept)}";
    }

    private static string NameOf(string parameter) => parameter.Split('=', 2)[0].ToLowerInvariant();

    private static bool Signs(string name, string[] all)
    {
        foreach (var prefix in Prefixes)
            if (name.StartsWith(prefix, StringComparison.Ordinal)) return true;
        foreach (var (signature, others) in Families)
        {
            if (name == signature && (others.Length == 0 || all.Any(others.Contains))) return true;
            if (others.Contains(name) && all.Contains(signature)) return true;
        }
        return false;
    }
}
