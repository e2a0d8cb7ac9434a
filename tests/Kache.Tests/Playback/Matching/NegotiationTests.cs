using Kache.Playback.Matching;
using Xunit;

namespace Kache.Tests.Playback.Matching;

[Trait("Row", "H10")]
public sealed class NegotiationTests
{
    [Theory]
    [InlineData(null, "text/html", true)]
    [InlineData("*/*", "text/html", true)]
    [InlineData("text/html", null, true)]
    [InlineData("text/*", "text/html; charset=utf-8", true)]
    [InlineData("application/json", "text/html", false)]
    [InlineData("text/*;q=0, text/html", "text/html", true)]
    [InlineData("text/*, text/html;q=0", "text/html", false)]
    [InlineData("*/*;q=0.1, application/json", "text/html", true)]
    [InlineData("application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01", "application/vnd.pypi.simple.v1+json", true)]
    [InlineData("application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*", "application/octet-stream", true)]
    [InlineData("TEXT/HTML", "text/html", true)]
    [InlineData("text/html;level=1;q=0, text/html", "text/html", true)]
    public void A_type_is_admitted_by_the_most_specific_range(string? accept, string? type, bool expected) =>
        Assert.Equal(expected, Negotiation.AdmitsType(accept, type));

    [Theory]
    [InlineData(null, "de", true)]
    [InlineData("de", null, true)]
    [InlineData("de", "de-CH", true)]
    [InlineData("de-CH", "de", false)]
    [InlineData("en, *;q=0.1", "fr", true)]
    [InlineData("*, fr;q=0", "fr", false)]
    [InlineData("fr", "de, fr", true)]
    [InlineData("d", "de", false)]
    public void A_language_is_admitted_by_the_longest_range(string? accept, string? language, bool expected) =>
        Assert.Equal(expected, Negotiation.AdmitsLanguage(accept, language));
}
