using Kache.Api;
using Kache.Cli.Connection;
using Kache.Cli.Settings;
using Xunit;

namespace Kache.Tests.Cli;

public sealed class StoreChoiceTests : IDisposable
{
    private readonly TestShell _shell = new();
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public StoreChoiceTests() => _variables["HOME"] = _shell.Home;

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Without_a_word_it_is_the_local_data_folder() =>
        Assert.Equal(Folders.Data(Variable), Choose().DataFolder);

    [Fact]
    public void The_environment_names_a_folder_or_a_server()
    {
        _variables["KACHE_DATA"] = "/srv/one";
        Assert.Equal("/srv/one", Choose().DataFolder);
        LogIn("https://server.test:7070");
        _variables["KACHE_SERVER"] = "https://server.test:7070";
        Assert.Equal("https://server.test:7070", Choose().Login!.Url);
    }

    [Fact]
    public void A_login_stands_before_the_local_folder_and_an_option_before_both()
    {
        LogIn("https://one.test:7070");
        LogIn("https://two.test:7070");
        Assert.Equal("https://two.test:7070", Choose().Login!.Url);
        Assert.Equal("https://one.test:7070", Choose(server: "https://one.test:7070").Login!.Url);
        Assert.Equal("/srv/other", Choose(data: "/srv/other").DataFolder);
    }

    [Fact]
    public void A_folder_in_the_environment_does_not_stand_before_a_login()
    {
        LogIn("https://one.test:7070");
        _variables["KACHE_DATA"] = "/srv/one";
        Assert.NotNull(Choose().Login);
    }

    [Theory]
    [InlineData("https://unknown.test:7070", null, "unauthorized")]
    [InlineData("http://plain.test", null, "invalid")]
    [InlineData("nonsense", null, "invalid")]
    [InlineData("https://one.test:7070", "/srv", "invalid")]
    public void What_cannot_be_meant_is_refused(string? server, string? data, string token) =>
        Assert.Equal(token, Assert.Throws<KacheException>(() => Choose(server, data)).Token);

    [Fact]
    public void Credentials_are_for_their_owner_only_and_are_forgotten_one_by_one()
    {
        LogIn("https://one.test:7070");
        LogIn("https://two.test:7070");
        var credentials = new Credentials(Variable);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(credentials.File));
        Assert.Equal("https://two.test:7070", credentials.RemoveCurrent()!.Url);
        Assert.Null(credentials.Current);
        Assert.NotNull(credentials.Find(new Uri("https://one.test:7070/")));
        Assert.Null(credentials.RemoveCurrent());
    }

    [Fact]
    public void Credentials_that_cannot_be_read_are_named()
    {
        _shell.Write(".config/kache/credentials.json", "{");
        Assert.Contains("credentials.json", Assert.Throws<KacheException>(() => Choose()).Message);
    }

    private void LogIn(string url) => new Credentials(Variable).Add(new Login(url, "kache_x", "sha256:x", "PEM"));

    private StoreChoice Choose(string? server = null, string? data = null) =>
        StoreChoice.Of(server, data, LayeredSettings.Load(Variable, _shell.Write("empty.toml", "")), Variable);

    private string? Variable(string name) => _variables.GetValueOrDefault(name);
}
