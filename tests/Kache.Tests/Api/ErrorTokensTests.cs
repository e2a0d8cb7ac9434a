using System.Text.RegularExpressions;
using Kache.Api;
using Kache.Exchanges;
using Kache.Upstream;
using Xunit;

namespace Kache.Tests.Api;

public sealed partial class ErrorTokensTests
{
    private static readonly string Page = Documents.Read("errors.md");

    [Fact]
    public void Every_token_that_the_program_uses_is_on_the_page()
    {
        var used = Documents.Sources().Select(File.ReadAllText)
            .SelectMany(source => Tokens().Matches(source).Select(match => match.Groups["token"].Value))
            .Concat(Enum.GetValues<UpstreamFailure>().Select(failure => failure.Token()))
            .Concat(Enum.GetValues<GapKind>().Select(GapWords.Of))
            .Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.Contains("invalid", used);
        Assert.Contains("no_session", used);
        Assert.Contains("not_in_recording", used);
        Assert.All(used, token => Assert.True(Page.Contains($"`{token}`", StringComparison.Ordinal), $"'{token}' is not in docs/errors.md"));
    }

    [Theory]
    [InlineData("invalid", 400)]
    [InlineData("unauthorized", 401)]
    [InlineData("not_allowed", 403)]
    [InlineData("unknown_reference", 404)]
    [InlineData("not_found", 404)]
    [InlineData("conflict", 409)]
    [InlineData("address_taken", 409)]
    [InlineData("ambiguous_reference", 409)]
    [InlineData("mode_not_served", 409)]
    [InlineData("no_server", 503)]
    [InlineData("store_full", 507)]
    [InlineData("failed", 500)]
    [InlineData("anything", 500)]
    public void A_token_has_the_status_that_the_page_says(string token, int status)
    {
        Assert.Equal(status, ApiStatus.Of(token));
        if (token != "anything") Assert.Contains($"| `{token}` | {status} |", Page);
    }

    // Refusals of the API and the command line, of the proxy, and what an answer of Kache's own carries.
    [GeneratedRegex("""(KacheException\(\s*|Refusal [A-Za-z]+(\([^)]*\))? (\{ get; \} =|=>) new\(\d+, "[^"]*", |RefuseAsync\(context, |error=[a-z_]+; details=\\|new\(5\d\d, "[^"]*", )["](?<token>[a-z_]+)\\?["]""")]
    private static partial Regex Tokens();
}
