using System.Text;
using Kache.Sandbox;
using Kache.Sandbox.Kernel;
using Xunit;

namespace Kache.Tests.Sandbox;

public sealed class CommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kache-command-").FullName;

    [Fact]
    public void A_command_is_looked_for_along_the_path_as_execvp_does()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "a", "tool"));
        Directory.CreateDirectory(Path.Combine(_folder, "b"));
        File.WriteAllText(Path.Combine(_folder, "b", "tool"), "#!/bin/sh\n");
        var path = $"{_folder}/a:{_folder}/b";
        Assert.Equal(CommandSearch.Result.NotExecutable, CommandSearch.Find("tool", path));
        File.SetUnixFileMode(Path.Combine(_folder, "b", "tool"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.Equal(CommandSearch.Result.Found, CommandSearch.Find("tool", path));
        Assert.Equal(CommandSearch.Result.Found, CommandSearch.Find($"{_folder}/b/tool", "/nowhere"));
        Assert.Equal(CommandSearch.Result.NotFound, CommandSearch.Find("other", path));
        Assert.Equal(CommandSearch.Result.NotExecutable, CommandSearch.Find($"{_folder}/a/tool", path));
        Assert.Equal(CommandSearch.Result.NotFound, CommandSearch.Find("", path));
    }

    [Fact]
    public void Variables_are_changed_and_the_others_stay_byte_for_byte()
    {
        byte[] odd = [.. "ODD="u8, 0xff, 0xfe];
        var variables = new CommandEnvironment(["A=1"u8.ToArray(), odd, "AB=2"u8.ToArray(), "=odd"u8.ToArray()]);
        variables.Set("A", "3=4");
        variables.Set("AB", null);
        variables.Set("NEW", "");
        Assert.Equal("3=4", variables.Get("A"));
        Assert.Equal("", variables.Get("NEW"));
        Assert.Null(variables.Get("AB"));
        Assert.Contains(variables.Words, word => word.SequenceEqual(odd));
        Assert.Equal(4, variables.Words.Count);
    }

    [Fact, Trait("Row", "T2")]
    public void A_variable_that_names_a_file_of_roots_keeps_its_word()
    {
        var mine = Path.Combine(_folder, "mine.pem");
        File.WriteAllText(mine, "");
        var variables = new CommandEnvironment([Encoding.UTF8.GetBytes($"PIP_CERT={mine}"), "SSL_CERT_FILE=/is/gone.pem"u8.ToArray()]);
        TrustVariables.Set(variables, "/bundle.pem", "/ours.crt");
        Assert.Equal(mine, variables.Get("PIP_CERT"));
        Assert.Equal("/bundle.pem", variables.Get("SSL_CERT_FILE"));
    }

    [Theory, Trait("Row", "T1")]
    [InlineData("SSL_CERT_FILE", "/bundle.pem")]
    [InlineData("REQUESTS_CA_BUNDLE", "/bundle.pem")]
    [InlineData("PIP_CERT", "/bundle.pem")]
    [InlineData("CURL_CA_BUNDLE", "/bundle.pem")]
    [InlineData("NODE_EXTRA_CA_CERTS", "/ours.crt")]
    [InlineData("CARGO_HTTP_CAINFO", "/bundle.pem")]
    [InlineData("GIT_SSL_CAINFO", "/bundle.pem")]
    [InlineData("AWS_CA_BUNDLE", "/bundle.pem")]
    [InlineData("DENO_CERT", "/bundle.pem")]
    [InlineData("NIX_SSL_CERT_FILE", "/bundle.pem")]
    [InlineData("BUNDLE_SSL_CA_CERT", "/bundle.pem")]
    public void Tools_with_roots_of_their_own_are_told_which_to_take(string name, string told)
    {
        var variables = new CommandEnvironment([]);
        TrustVariables.Set(variables, "/bundle.pem", "/ours.crt");
        Assert.Equal(told, variables.Get(name));
    }

    [Fact]
    public void A_child_gets_its_words_as_they_are_and_its_end_is_told()
    {
        byte[][] Words(string script) => ["sh"u8.ToArray(), "-c"u8.ToArray(), Encoding.UTF8.GetBytes(script), "sh"u8.ToArray(), [0xff, 0x20]];
        byte[][] environment = ["PATH=/usr/bin:/bin"u8.ToArray()];
        var said = Path.Combine(_folder, "said");
        var child = Processes.Spawn("sh", Words($"printf %s \"$1\" > {said}; exit 9"), environment);
        Assert.Equal(new ProcessEnd(child, 9), Processes.Wait(child));
        Assert.Equal([0xff, 0x20], File.ReadAllBytes(said));
        var killed = Processes.Spawn("sh", Words("kill -TERM $$; sleep 9"), environment);
        Assert.Equal(new ProcessEnd(killed, 143), Processes.Wait(killed));
        Assert.Equal(SystemCallException.NoEntry, Assert.Throws<SystemCallException>(() => Processes.Spawn("/no/such", Words(""), environment)).Error);
    }

    [Fact]
    public void A_child_may_be_kept_from_signals_and_our_own_ignoring_is_not_passed_on()
    {
        byte[][] environment = ["PATH=/usr/bin:/bin"u8.ToArray()];
        string Status(ulong blocked)
        {
            var said = Path.Combine(_folder, $"status{blocked}");
            Processes.Wait(Processes.Spawn("cp", ["cp"u8.ToArray(), "/proc/self/status"u8.ToArray(), Encoding.UTF8.GetBytes(said)], environment, blocked));
            return File.ReadAllText(said);
        }

        var open = Status(0);
        Assert.Contains("SigBlk:\t0000000000000000", open, StringComparison.Ordinal);
        Assert.Contains("SigIgn:\t0000000000000000", open, StringComparison.Ordinal);
        var blocked = Status(1ul << 1 | 1ul << 14).Split('\n').Single(line => line.StartsWith("SigBlk:", StringComparison.Ordinal));
        Assert.Equal("SigBlk:\t0000000000004002", blocked);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
