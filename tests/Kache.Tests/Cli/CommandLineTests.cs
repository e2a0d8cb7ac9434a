using System.CommandLine;
using Kache.Cli;
using Xunit;

namespace Kache.Tests.Cli;

public sealed class CommandLineTests : IDisposable
{
    private readonly TestShell _shell = new();

    public static TheoryData<string, string> Words => [.. Tree().SelectMany(path => path.Words.Select(word => (path.Path, word)))];

    public void Dispose() => _shell.Dispose();

    [Theory]
    [MemberData(nameof(Words))]
    public void Every_command_and_option_is_in_the_documentation(string command, string word)
    {
        var page = Documents.Read("cli.md");
        Assert.Contains(word, page, StringComparison.Ordinal);
        Assert.True(page.Contains($"kache {command}", StringComparison.Ordinal) || page.Contains(Grouped(command), StringComparison.Ordinal), $"'kache {command}' is not in docs/cli.md");
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("show")]
    [InlineData("ls --nonsense")]
    [InlineData("session open listen --tag=a")]
    [InlineData("session open record")]
    [InlineData("session open record --tag=a --port=0")]
    [InlineData("session close abc --wait=soon")]
    [InlineData("session close abc --wait=-1")]
    [InlineData("session close abc --wait=1 --no-wait")]
    [InlineData("token create ci")]
    [InlineData("login https://server.test:7070")]
    [InlineData("serve --dns-port=x")]
    [InlineData("serve --listen=localhost")]
    [InlineData("serve --ca-cert=/etc/hostname")]
    [InlineData("ls --server=http://server.test")]
    [InlineData("ls --server=https://server.test --data=/tmp")]
    public async Task Wrong_usage_ends_with_2_and_says_why(string line)
    {
        Assert.Equal(ExitCode.WrongUsage, await _shell.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.NotEmpty(_shell.Error);
        Assert.Empty(_shell.Out);
        Assert.DoesNotContain("   at ", _shell.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("serve --help")]
    [InlineData("session open --help")]
    public async Task Help_is_a_fact(string line)
    {
        Assert.Equal(ExitCode.Done, await _shell.RunAsync(line.Split(' ')));
        Assert.NotEmpty(_shell.Out);
    }

    [Fact]
    public async Task The_version_is_printed_alone()
    {
        Assert.Equal(ExitCode.Done, await _shell.RunAsync("version"));
        Assert.Matches(@"\A\d+\.\d+\.\d+\S*\n\z", _shell.Out);
    }

    [Fact]
    public async Task The_version_is_a_fact_as_JSON_too()
    {
        Assert.Equal(ExitCode.Done, await _shell.RunAsync("version", "--json"));
        Assert.Matches("\\A{\"version\":\"[^\"]+\"}\n\\z", _shell.Out);
    }

    [Fact]
    public async Task A_server_that_nobody_is_logged_in_to_is_not_allowed()
    {
        Assert.Equal(ExitCode.NotAllowed, await _shell.RunAsync("ls", "--server=https://server.test:7070"));
        Assert.Contains("kache login https://server.test:7070", _shell.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_logs_out_twice()
    {
        Assert.Equal(ExitCode.Failed, await _shell.RunAsync("logout"));
        Assert.Contains("Nobody is logged in.", _shell.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_login_without_a_token_is_wrong_usage() =>
        Assert.Equal(ExitCode.WrongUsage, await _shell.RunAsync("login", "https://server.test:7070", "--token-stdin"));

    [Theory]
    [InlineData("invalid", ExitCode.WrongUsage)]
    [InlineData("unauthorized", ExitCode.NotAllowed)]
    [InlineData("not_allowed", ExitCode.NotAllowed)]
    [InlineData("unknown_reference", ExitCode.Failed)]
    [InlineData("unreachable", ExitCode.Failed)]
    [InlineData("anything", ExitCode.Failed)]
    public void A_refusal_has_an_exit_code(string token, int code) => Assert.Equal(code, ExitCode.Of(token));

    private static List<(string Path, IReadOnlyList<string> Words)> Tree()
    {
        using var shell = new TestShell();
        var found = new List<(string, IReadOnlyList<string>)>();
        void Add(string path, Command command)
        {
            var options = command.Options.Where(o => !o.Hidden && o.Name is not ("--help" or "--version")).Select(o => o.Name);
            if (path.Length > 0) found.Add((path, [command.Name, .. options]));
            foreach (var sub in command.Subcommands) Add($"{path} {sub.Name}".Trim(), sub);
        }

        Add("", CommandLine.Tree(shell.Shell));
        return found;
    }

    // "kache session open|ls|close" names all three.
    private static string Grouped(string command) => string.Join(' ', command.Split(' ')[..^1]) is { Length: > 0 } group ? $"kache {group} " : "\0";
}
