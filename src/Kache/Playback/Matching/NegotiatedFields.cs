namespace Kache.Playback.Matching;

/// <summary>
/// The request fields that tell recorded requests of one key apart: a fixed list, and whatever else Vary names.
/// </summary>
internal sealed class NegotiatedFields
{
    public const int Accept = 0;
    public const int AcceptEncoding = 1;
    public const int AcceptLanguage = 2;
    public const int Authorization = 3;
    public const int Cookie = 4;
    public const int Range = 5;
    public const int Origin = 6;
    public const int UserAgent = 7;

    private static readonly string[] Fixed =
        ["accept", "accept-encoding", "accept-language", "authorization", "cookie", "range", "origin", "user-agent"];

    private readonly List<string> _names = [.. Fixed];

    public IReadOnlyList<string> Names => _names;

    public void Add(IEnumerable<string> vary)
    {
        foreach (var name in vary)
            if (!_names.Contains(name)) _names.Add(name);
    }

    /// <summary>Their values in a request, in the order of <see cref="Names"/>, so that equal means the same.</summary>
    public string?[] ValuesIn(IAskedFields fields)
    {
        var values = new string?[_names.Count];
        for (var i = 0; i < values.Length; i++) values[i] = Comparable(i, fields.Combined(_names[i]));
        return values;
    }

    public int IndexOf(string name) => _names.IndexOf(name);

    /// <summary>A field that never excludes an answer, whatever Vary says: it ranks.</summary>
    public static bool OnlyRanks(int index) => index is >= Authorization and <= UserAgent;

    // Credentials are not kept, and any are as good as the recorded ones: their scheme and presence are all there is.
    private static string? Comparable(int index, string? value) => (index, value) switch
    {
        (_, null) => null,
        (Cookie, _) => "",
        (Authorization, _) => value.Split(' ', 2)[0].ToLowerInvariant(),
        _ => value.Trim(),
    };
}
