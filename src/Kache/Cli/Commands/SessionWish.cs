using System.CommandLine;
using System.Globalization;
using Kache.Api;

namespace Kache.Cli.Commands;

/// <summary>What <c>start</c> and <c>session open</c> can say about a session.</summary>
internal sealed class SessionWish
{
    private readonly Argument<string> _mode = SharedOptions.Mode();
    private readonly Option<string> _tag = new("--tag") { HelpName = "TAG|REF", Description = "record: the tag to make or move. playback: TAG, TAG@sha256:… or sha256:…", Required = true };
    private readonly Option<bool> _strict = new("--strict") { Description = "Gaps fail the end too (exit code 4)" };
    private readonly Option<string[]> _bypass = new("--bypass") { HelpName = "HOST|.SUFFIX", Description = "Leave this host's traffic untouched and unrecorded; listed as a gap. May be repeated" };
    private readonly Option<string[]> _ignore = new("--ignore") { HelpName = "HOST|.SUFFIX", Description = "Refuse requests to this host at once, record and count nothing of it. May be repeated" };
    private readonly Option<string[]> _port = new("--port") { HelpName = "N", Description = "A further port on which the client's traffic is expected, beside 80 and 443; the server must listen there. May be repeated" };
    private readonly Option<string[]> _http1 = new("--http1") { HelpName = "HOST", Description = "Speak HTTP/1.1 only to and for this host. May be repeated" };
    private readonly Option<string[]> _insecure = new("--insecure-upstream") { HelpName = "HOST", Description = "Take this host's certificate unverified. May be repeated" };
    private readonly Option<bool> _faithful = new("--faithful") { Description = "Play back transient failures as they were recorded" };

    public void AddTo(Command command)
    {
        command.Arguments.Add(_mode);
        foreach (var option in new Option[] { _tag, _strict, _bypass, _ignore, _port, _http1, _insecure, _faithful }) command.Options.Add(option);
        command.Validators.Add(result =>
        {
            foreach (var word in result.GetValue(_port) ?? [])
                if (!TryPort(word, out _)) result.AddError($"--port {word}: a port is a number from 1 to 65535.");
        });
    }

    public string ModeOf(ParseResult parsed) => parsed.GetRequiredValue(_mode);

    public string TagOf(ParseResult parsed) => parsed.GetRequiredValue(_tag);

    public IReadOnlyList<int> PortsOf(ParseResult parsed) =>
        [.. (parsed.GetValue(_port) ?? []).Select(word => TryPort(word, out var port) ? port : throw new KacheException("invalid", $"--port {word}"))];

    public OpenSession Read(ParseResult parsed, IReadOnlyList<string> clients) => new(
        ModeOf(parsed), TagOf(parsed), clients, parsed.GetValue(_strict), parsed.GetValue(_bypass), PortsOf(parsed),
        parsed.GetValue(_http1), parsed.GetValue(_insecure), parsed.GetValue(_faithful), parsed.GetValue(_ignore));

    private static bool TryPort(string word, out int port) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;
}
