using Kache.Exchanges;
using Kache.Sessions;
using SessionOptions = Kache.Sessions.SessionOptions;

namespace Kache.Api;

/// <summary>The words of a session's opening, made into values; every mistake gets its sentence.</summary>
internal static class SessionWords
{
    // More is a script gone wrong, and each pattern is compared with every host.
    private const int MostPatterns = 1000;

    public static string Of(SessionMode mode) => mode == SessionMode.Record ? "record" : "playback";

    public static SessionMode ParseMode(string text) => text switch
    {
        "record" => SessionMode.Record,
        "playback" => SessionMode.Playback,
        _ => throw new KacheException("invalid", $"'{text}' is not a mode. There are record and playback."),
    };

    public static SessionOptions Options(OpenSession request)
    {
        var mistakes = new List<string>();
        var options = new SessionOptions
        {
            Strict = request.Strict,
            Faithful = request.Faithful,
            Ignore = Hosts("ignore", request.Ignore, mistakes),
            Bypass = Hosts("bypass", request.Bypass, mistakes),
            Http1 = Hosts("http1", request.Http1, mistakes),
            InsecureUpstream = Hosts("insecure-upstream", request.InsecureUpstream, mistakes),
            Ports = request.Ports ?? [],
        };
        foreach (var port in options.Ports.Where(p => p is < 1 or > 65535)) mistakes.Add($"--port {port}: a port is 1 to 65535.");
        if (mistakes.Count > 0) throw new KacheException("invalid", string.Join('\n', mistakes));
        return options;
    }

    private static List<string> Hosts(string option, IReadOnlyList<string>? words, List<string> mistakes)
    {
        var hosts = new List<string>();
        if (words?.Count > MostPatterns) mistakes.Add($"--{option}: {words.Count} hosts are more than {MostPatterns}.");
        foreach (var word in words ?? [])
        {
            // JSON may hold null where a list of words is expected.
            if (word is null)
            {
                mistakes.Add($"--{option}: null is not a host.");
                continue;
            }
            if (HostPattern.TryParse(word, out var pattern)) hosts.Add(pattern);
            else mistakes.Add($"--{option} {word}: not a host ('internal.example') or a suffix ('.internal.example').");
        }
        return hosts;
    }
}
