using System.Globalization;
using System.Net;
using Kache.Server;

namespace Kache.Cli.Settings;

/// <summary>Makes <see cref="ServeOptions"/> of what was said; every mistake is told, all together.</summary>
internal sealed class ServeSettings(LayeredSettings settings, Func<string, string?> variable)
{
    private static readonly ServeOptions Default = new() { Data = "" };

    private readonly List<string> _mistakes = [];

    /// <param name="mistakes">Empty when the options can be used.</param>
    public ServeOptions Read(out IReadOnlyList<string> mistakes)
    {
        var options = new ServeOptions
        {
            Data = Path.GetFullPath(settings.Single("data") ?? Folders.Data(variable)),
            Listen = List("listen", Address),
            Advertise = List("advertise", Address),
            DnsPort = Port("dns-port", Default.DnsPort),
            HttpPort = Port("http-port", Default.HttpPort),
            HttpsPort = Port("https-port", Default.HttpsPort),
            ExtraPorts = List("port", ExtraPort),
            ProxyPort = Port("proxy-port", Default.ProxyPort),
            ApiPort = Port("api-port", Default.ApiPort),
            UpstreamDns = List("upstream-dns", Resolver),
            UpstreamCa = List("upstream-ca", ExistingFile),
            UpstreamProxy = UpstreamProxy(),
            CaCert = Optional("ca-cert", ExistingFile),
            CaKey = Optional("ca-key", ExistingFile),
            PlaybackOnly = Flag("playback-only"),
            LogLevel = Level(),
            Rules = settings.Rules,
        };
        if ((options.CaCert is null) != (options.CaKey is null)) _mistakes.Add("An organisation's CA needs both --ca-cert and --ca-key.");
        FindSharedPorts(options);
        if (options.Advertise.Any(a => a.Equals(IPAddress.Any) || a.Equals(IPAddress.IPv6Any)))
            _mistakes.Add("--advertise needs an address that clients can reach; 0.0.0.0 and :: are none.");
        mistakes = [.. settings.Mistakes, .. _mistakes];
        return options;
    }

    private void FindSharedPorts(ServeOptions options)
    {
        var named = new List<(string Name, int Port)>
        {
            ("--http-port", options.HttpPort), ("--https-port", options.HttpsPort), ("--proxy-port", options.ProxyPort), ("--api-port", options.ApiPort),
        };
        named.AddRange(options.ExtraPorts.Select(p => ("--port", p)));
        // DNS shares TCP with the others; that one port would serve two is no use to anybody.
        named.Add(("--dns-port", options.DnsPort));
        foreach (var shared in named.Where(n => n.Port != 0).GroupBy(n => n.Port).Where(g => g.Count() > 1))
            _mistakes.Add($"Port {shared.Key} is given twice: {string.Join(" and ", shared.Select(n => n.Name))}.");
    }

    private int Port(string name, int fallback)
    {
        if (settings.Single(name) is not { } word) return fallback;
        if (TryPort(word, out var port)) return port;
        Mistake(name, word, "a port is a number from 0 (off) to 65535");
        return fallback;
    }

    private int ExtraPort(string name, string word)
    {
        if (!TryPort(word, out var port) || port == 0) Mistake(name, word, "a port is a number from 1 to 65535");
        return port;
    }

    private static bool TryPort(string word, out int port) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= 65535;

    private IPAddress Address(string name, string word)
    {
        if (IPAddress.TryParse(word, out var address) && LooksLikeAddress(word)) return address;
        Mistake(name, word, "not an IP address; names are not looked up");
        return IPAddress.None;
    }

    // .NET reads "53" as 0.0.0.53.
    private static bool LooksLikeAddress(string word) => word.Count(c => c == '.') == 3 || word.Count(c => c == ':') > 1;

    private IPEndPoint Resolver(string name, string word)
    {
        // IP, IP:PORT, [v6]:PORT. IPEndPoint reads a port of 0 where there is none.
        if (IPEndPoint.TryParse(word, out var endpoint) && LooksLikeAddress(word)) return endpoint.Port == 0 ? new IPEndPoint(endpoint.Address, 53) : endpoint;
        Mistake(name, word, "not a resolver: write IP or IP:PORT, such as 192.0.2.53 or [2001:db8::53]:53");
        return new IPEndPoint(IPAddress.None, 53);
    }

    private string ExistingFile(string name, string word)
    {
        if (!File.Exists(word)) Mistake(name, word, "there is no such file");
        return Path.GetFullPath(word);
    }

    private Uri? UpstreamProxy()
    {
        if (settings.Single("upstream-proxy") is not { } word) return null;
        if (Uri.TryCreate(word, UriKind.Absolute, out var proxy) && proxy.Scheme == "http" && proxy.Host.Length > 0) return proxy;
        Mistake("upstream-proxy", word, "not a proxy: write http://[USER:PASSWORD@]HOST:PORT");
        return null;
    }

    private bool Flag(string name)
    {
        switch (settings.Single(name))
        {
            case null or "false" or "0" or "no": return false;
            case "true" or "1" or "yes": return true;
            case { } word:
                Mistake(name, word, "neither true nor false");
                return false;
        }
    }

    private LogLevel Level()
    {
        switch (settings.Single("log-level"))
        {
            case null: return Default.LogLevel;
            case "trace": return LogLevel.Trace;
            case "debug": return LogLevel.Debug;
            case "information": return LogLevel.Information;
            case "warning": return LogLevel.Warning;
            case "error": return LogLevel.Error;
            case { } word:
                Mistake("log-level", word, "there are trace, debug, information, warning and error");
                return Default.LogLevel;
        }
    }

    private List<T> List<T>(string name, Func<string, string, T> read) => [.. (settings.Find(name)?.Words ?? []).Select(word => read(name, word))];

    private T? Optional<T>(string name, Func<string, string, T> read)
        where T : class =>
        settings.Single(name) is { } word ? read(name, word) : null;

    private void Mistake(string name, string word, string what) =>
        _mistakes.Add($"{settings.Find(name)?.Source ?? name} {word}: {what}.");
}
