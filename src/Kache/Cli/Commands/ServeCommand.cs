using System.CommandLine;
using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Settings;
using Kache.Server;

namespace Kache.Cli.Commands;

internal static class ServeCommand
{
    public static Command Create(Shell shell)
    {
        var options = new ServeWords();
        var command = new Command("serve", "Run the server: DNS, proxy and API over one data folder");
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var serve = options.Read(parsed, shell, out var mistakes);
            if (mistakes.Count > 0) throw new KacheException("invalid", string.Join('\n', mistakes));
            await KacheServer.RunAsync(serve, shell.Error, shell.Clock, cancellation);
            return ExitCode.Done;
        });
        return command;
    }
}

/// <summary>The options of <c>serve</c>; all of them are settings too, and judged in one place (<see cref="ServeSettings"/>).</summary>
internal sealed class ServeWords
{
    private readonly Option<string?> _config = new("--config") { HelpName = "FILE", Description = $"Read this file instead of {LayeredSettings.SystemFile} and ~/.config/kache/kache.toml" };
    private readonly Option<string?> _data = StoreOptions.DataOption();
    private readonly Option<bool> _playbackOnly = new("--playback-only") { Description = "Run without anything that could reach an origin; nothing can be recorded" };
    private readonly Option<string?> _logFile = new("--brought-up-log") { Hidden = true };
    private readonly Option<string?> _user = new("--brought-up-user") { Hidden = true };

    private readonly Option<string[]>[] _many =
    [
        Many("listen", "ADDR", "Listen on this address. Default: all, IPv4 and IPv6"),
        Many("advertise", "ADDR", "Tell clients this address instead of the one they came to"),
        Many("port", "N", "A further port for transparent traffic"),
        Many("upstream-dns", "IP[:PORT]", "Ask this resolver while recording. Default: the machine's own"),
        Many("upstream-ca", "FILE", "Trust these roots (PEM) of origins, beside the system's"),
    ];

    private readonly Option<string?>[] _single =
    [
        One("dns-port", "N", "UDP and TCP port of the DNS server. Default: 53; 0 is off"),
        One("http-port", "N", "Port for plain HTTP. Default: 80; 0 is off"),
        One("https-port", "N", "Port for HTTPS. Default: 443; 0 is off"),
        One("proxy-port", "N", "Port of the explicit proxy. Default: 3128; 0 is off"),
        One("api-port", "N", "Port of the API, TLS. Default: 7070; 0 is off"),
        One("upstream-proxy", "URL", "Reach origins through this HTTP proxy"),
        One("ca-cert", "FILE", "An organisation's CA certificate (PEM) instead of one of our own; with --ca-key"),
        One("ca-key", "FILE", "Its key (PEM)"),
        One("log-level", "LEVEL", "trace, debug, information, warning or error. Default: information"),
    ];

    public void AddTo(Command command)
    {
        command.Options.Add(_data);
        command.Options.Add(_config);
        foreach (var option in _many) command.Options.Add(option);
        foreach (var option in _single) command.Options.Add(option);
        command.Options.Add(_playbackOnly);
        command.Options.Add(_logFile);
        command.Options.Add(_user);
    }

    public ServeOptions Read(ParseResult parsed, Shell shell, out IReadOnlyList<string> mistakes)
    {
        var settings = LayeredSettings.Load(shell.Variable, parsed.GetValue(_config));
        settings.AddOption("data", Words(parsed.GetValue(_data)));
        foreach (var option in _many) settings.AddOption(option.Name[2..], parsed.GetValue(option));
        foreach (var option in _single) settings.AddOption(option.Name[2..], Words(parsed.GetValue(option)));
        if (parsed.GetValue(_playbackOnly)) settings.AddOption("playback-only", ["true"]);
        var options = new ServeSettings(settings, shell.Variable).Read(out mistakes);
        if (parsed.GetValue(_logFile) is not { } log) return options;
        return options with { BroughtUp = new BroughtUp(log, UserIdentity.Parse(parsed.GetValue(_user))) };
    }

    private static string[]? Words(string? word) => word is null ? null : [word];

    private static Option<string?> One(string name, string value, string description) => new("--" + name) { HelpName = value, Description = description };

    private static Option<string[]> Many(string name, string value, string description) =>
        new("--" + name) { HelpName = value, Description = description + ". May be repeated" };
}
