using Kache.Exchanges;

namespace Kache.Playback.Matching;

/// <summary>What identifies a recorded request, without its fields.</summary>
internal readonly record struct RecordedKey(string Method, string Scheme, Authority Authority, string Target, Digest Body)
{
    public string Url => AskedRequest.UrlOf(Scheme, Authority, Target);
}

/// <param name="Difference">One clause for a person.</param>
internal sealed record NearRequest(string Method, string Url, string Difference);

/// <summary>The recorded requests that are nearest to one that was missed, and what differs. Pure.</summary>
internal static class Nearest
{
    private const int Most = 3;

    /// <param name="recorded">Requests to the same host.</param>
    public static IReadOnlyList<NearRequest> Of(in AskedRequest asked, IReadOnlyList<RecordedKey> recorded)
    {
        var best = new PriorityQueue<RecordedKey, int>();
        foreach (var key in recorded)
        {
            var score = Score(asked, key);
            if (score <= 0) continue;
            if (best.Count < Most) best.Enqueue(key, score);
            else best.EnqueueDequeue(key, score);
        }
        var near = new List<NearRequest>(best.Count);
        while (best.TryDequeue(out var key, out _)) near.Add(new NearRequest(key.Method, key.Url, Difference(asked, key)));
        near.Reverse();
        return near;
    }

    private static int Score(in AskedRequest asked, in RecordedKey key)
    {
        var same = (key.Scheme == asked.Scheme && key.Authority == asked.Authority ? 20 : 0) + (key.Method == asked.Method ? 10 : 0);
        if (key.Target == asked.Target) return 10_000 + same;
        var (path, query) = Split(key.Target);
        var (askedPath, askedQuery) = Split(asked.Target);
        if (path == askedPath) return 5_000 + same + Math.Min(1_000, 40 * Parameters(query).Intersect(Parameters(askedQuery)).Count());
        var shared = SharedFolders(path, askedPath);
        return shared == 0 ? 0 : Math.Min(1_000, shared) * 4 + same;
    }

    private static string Difference(in AskedRequest asked, in RecordedKey key)
    {
        var differences = new List<string>();
        if (key.Method != asked.Method) differences.Add($"the method is {key.Method}");
        if (key.Scheme != asked.Scheme) differences.Add($"the scheme is {key.Scheme}");
        if (key.Authority.Port != asked.Authority.Port) differences.Add($"the port is {key.Authority.Port}");
        if (key.Target != asked.Target) differences.Add(TargetDifference(asked.Target, key.Target));
        if (key.Body != asked.Body && key.Method == asked.Method) differences.Add("the request body is another");
        return differences.Count == 0 ? "it was sent with another Host" : string.Join(", ", differences);
    }

    private static string TargetDifference(string asked, string recorded)
    {
        var (path, query) = Split(recorded);
        var (askedPath, askedQuery) = Split(asked);
        if (path != askedPath) return "the path is another";
        var names = Parameters(query).Except(Parameters(askedQuery)).Concat(Parameters(askedQuery).Except(Parameters(query)))
            .Select(parameter => parameter.Split('=', 2)[0]).Distinct().Take(5);
        return string.Join(", ", names) is { Length: > 0 } list ? $"the query differs in {list}" : "the query is in another order";
    }

    private static (string Path, string Query) Split(string target)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        return question < 0 ? (target, "") : (target[..question], target[(question + 1)..]);
    }

    private static IEnumerable<string> Parameters(string query) => query.Split('&', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Length of the folders that both begin with; the root alone is nothing in common.</summary>
    private static int SharedFolders(string a, string b)
    {
        var common = a.AsSpan().CommonPrefixLength(b);
        return common == 0 ? 0 : a.AsSpan(0, common).LastIndexOf('/');
    }
}
