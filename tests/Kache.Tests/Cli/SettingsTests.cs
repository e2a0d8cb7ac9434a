using System.Net;
using Kache.Cli.Settings;
using Kache.Server;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Kache.Tests.Cli;

public sealed class SettingsTests : IDisposable
{
    private readonly TestShell _shell = new();
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public SettingsTests() => _variables["HOME"] = _shell.Home;

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void What_is_said_later_wins()
    {
        _shell.Write(".config/kache/kache.toml", "proxy-port = 1\nhttp-port = 1\napi-port = 1\n");
        _variables["KACHE_PROXY_PORT"] = "2";
        _variables["KACHE_HTTP_PORT"] = "2";
        var options = Read(out var mistakes, null, ("http-port", ["3"]));
        Assert.Empty(mistakes);
        Assert.Equal((1, 2, 3, 443), (options.ApiPort, options.ProxyPort, options.HttpPort, options.HttpsPort));
    }

    [Fact]
    public void A_named_file_stands_for_the_others()
    {
        _shell.Write(".config/kache/kache.toml", "proxy-port = 1\n");
        Assert.Equal(2, Read(out _, _shell.Write("my.toml", "proxy-port = 2\n")).ProxyPort);
        Read(out var mistakes, "/does/not/exist.toml");
        Assert.Contains("does not exist", Assert.Single(mistakes));
    }

    [Fact]
    public void All_settings_can_be_said_in_a_file()
    {
        var pem = _shell.Write("roots.pem", "x");
        var options = Read(out var mistakes, _shell.Write("my.toml", $"""
            data = "/srv/kache"
            listen = ["192.0.2.1", "2001:db8::1"]
            advertise = "192.0.2.9"
            dns-port = 0
            http-port = 8080
            https-port = 8443
            port = [5000, 5001]
            proxy-port = 3129
            api-port = 7071
            upstream-dns = ["192.0.2.53", "192.0.2.54:5353", "[2001:db8::53]:5353", "2001:db8::53"]
            upstream-ca = ["{pem}"]
            upstream-proxy = "http://user:pw@proxy.test:3128"
            ca-cert = "{pem}"
            ca-key = "{pem}"
            playback-only = true
            log-level = "debug"
            """));
        Assert.Empty(mistakes);
        Assert.Equal("/srv/kache", options.Data);
        Assert.Equal(["192.0.2.1", "2001:db8::1"], options.Listen.Select(a => a.ToString()));
        Assert.Equal([IPEndPoint.Parse("192.0.2.53:53"), IPEndPoint.Parse("192.0.2.54:5353"), IPEndPoint.Parse("[2001:db8::53]:5353"), IPEndPoint.Parse("[2001:db8::53]:53")], options.UpstreamDns);
        Assert.Equal([8080, 8443, 5000, 5001], options.TransparentPorts);
        Assert.Equal(new Uri("http://user:pw@proxy.test:3128"), options.UpstreamProxy);
        Assert.True(options.PlaybackOnly);
        Assert.Equal(LogLevel.Debug, options.LogLevel);
        Assert.Equal(pem, options.CaKey);
    }

    [Theory]
    [InlineData("dns-port", "70000", "a port is a number")]
    [InlineData("port", "0", "a port is a number from 1")]
    [InlineData("listen", "localhost", "not an IP address")]
    [InlineData("listen", "53", "not an IP address")]
    [InlineData("advertise", "0.0.0.0", "clients can reach")]
    [InlineData("upstream-dns", "dns.test", "not a resolver")]
    [InlineData("upstream-dns", "53", "not a resolver")]
    [InlineData("upstream-dns", "53:53", "not a resolver")]
    [InlineData("upstream-ca", "/does/not/exist.pem", "no such file")]
    [InlineData("upstream-proxy", "proxy.test:3128", "not a proxy")]
    [InlineData("upstream-proxy", "https://proxy.test:3128", "not a proxy")]
    [InlineData("playback-only", "maybe", "neither true nor false")]
    [InlineData("log-level", "loud", "there are trace")]
    [InlineData("ca-key", "/etc/hostname", "needs both")]
    [InlineData("https-port", "80", "Port 80 is given twice: --http-port and --https-port")]
    public void A_mistake_says_where_and_what(string name, string word, string expected)
    {
        Read(out var mistakes, null, (name, [word]));
        Assert.Contains(expected, Assert.Single(mistakes), StringComparison.Ordinal);
    }

    [Fact]
    public void All_mistakes_are_told_together_with_their_line()
    {
        var file = _shell.Write("my.toml", "dns-port = 53\nnonsense = 1\nlisten = [[1]]\nproxy-port = [1, 2]\n[table]\nhttp-port = \"x\"\n");
        _variables["KACHE_API_PORT"] = "-1";
        Read(out var mistakes, file);
        Assert.Collection(mistakes.Order(StringComparer.Ordinal),
            m => Assert.StartsWith($"{file}:2: 'nonsense' is not a setting", m),
            m => Assert.StartsWith($"{file}:3: 'listen' must be", m),
            m => Assert.StartsWith($"{file}:4: 'proxy-port' takes one value", m),
            m => Assert.StartsWith($"{file}:5: [table] is not known", m),
            m => Assert.StartsWith("KACHE_API_PORT -1:", m));
    }

    [Fact]
    public void A_file_that_is_not_TOML_is_told_by_line()
    {
        var file = _shell.Write("my.toml", "dns-port = 53\nhttp-port = = 80\n");
        Read(out var mistakes, file);
        Assert.Contains(mistakes, m => m.StartsWith($"{file}:2: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Lists_in_the_environment_are_separated_by_commas_and_nothing_else_is()
    {
        _variables["KACHE_LISTEN"] = "192.0.2.1, 192.0.2.2";
        _variables["KACHE_DATA"] = "/srv/a,b";
        var options = Read(out var mistakes);
        Assert.Empty(mistakes);
        Assert.Equal(2, options.Listen.Count);
        Assert.Equal("/srv/a,b", options.Data);
    }

    [Fact]
    public void A_relative_XDG_folder_is_ignored()
    {
        Assert.Equal($"{_shell.Home}/.local/share/kache", Folders.UserData(Variable));
        _variables["XDG_DATA_HOME"] = "relative";
        Assert.Equal($"{_shell.Home}/.local/share/kache", Folders.UserData(Variable));
        _variables["XDG_DATA_HOME"] = "/srv/data";
        Assert.Equal("/srv/data/kache", Folders.UserData(Variable));
    }

    [Fact]
    public void Tables_say_things_of_hosts()
    {
        var file = _shell.Write("my.toml", """
            dns-port = 53
            [matching."api.test"]
            parameters = ["nonce", "utm_*"]
            body-fields = "session"
            [matching."*"]
            parameters = ["all"]
            [ignore]
            hosts = ["telemetry.test", ".stats.test"]
            [bypass]
            hosts = "Pinned.test"
            """);
        var rules = Read(out var mistakes, file).Rules;
        Assert.Empty(mistakes);
        Assert.Equal(["api.test: nonce utm_* / session", "*: all / "], rules.Matching.Select(rule => $"{rule.Host}: {string.Join(' ', rule.Parameters)} / {string.Join(' ', rule.BodyFields)}"));
        Assert.Equal(["telemetry.test", ".stats.test"], rules.Ignore);
        Assert.Equal(["pinned.test"], rules.Bypass);
    }

    [Fact]
    public void Every_mistake_in_a_table_is_told()
    {
        var file = _shell.Write("my.toml", """
            [matching]
            parameters = ["a"]
            [matching."no host"]
            parameters = ["a"]
            [matching."api.test"]
            parameter = ["a"]
            body-fields = [["a"]]
            parameters = ["*"]
            [ignore]
            hosts = ["a b"]
            host = "c.test"
            [nonsense]
            a = 1
            [[bypass]]
            hosts = "https://d.test"
            """);
        Read(out var mistakes, file);
        string[] expected = ["1: [matching] needs a host", "3: 'no host' is not a host", "6: 'parameter' is not known", "7: 'body-fields' must be", "5: '*' names nothing", "10: hosts: 'a b'", "11: 'host' is not known", "12: [nonsense] is not known", "15: hosts: 'https://d.test'"];
        Assert.All(expected, start => Assert.Contains(mistakes, mistake => mistake.StartsWith($"{file}:{start}", StringComparison.Ordinal)));
        Assert.Equal(expected.Length, mistakes.Count);
    }

    private string? Variable(string name) => _variables.GetValueOrDefault(name);

    private ServeOptions Read(out IReadOnlyList<string> mistakes, string? file = null, params (string Name, string[] Words)[] said)
    {
        // A file of its own: the machine's is none of the test's business.
        var settings = LayeredSettings.Load(Variable, file ?? Path.Combine(_shell.Home, ".config/kache/kache.toml") switch { var own when File.Exists(own) => own, _ => _shell.Write("empty.toml", "") });
        foreach (var (name, words) in said) settings.AddOption(name, words);
        return new ServeSettings(settings, Variable).Read(out mistakes);
    }
}
