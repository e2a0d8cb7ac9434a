using Kache.Exchanges;
using Kache.Recording;
using Kache.Tests.Playback.Matching;
using Xunit;

namespace Kache.Tests.Recording;

[Trait("Row", "H16")]
public sealed class CredentialVeilTests
{
    private readonly CredentialVeil _veil = new(new Dictionary<string, int>());

    [Theory]
    [InlineData("authorization: Bearer abc", "Bearer #1")]
    [InlineData("authorization: Basic dXNlcjpwYXNz", "Basic #1")]
    [InlineData("authorization: AWS4-HMAC-SHA256 Credential=x, Signature=y", "AWS4-HMAC-SHA256 #1")]
    [InlineData("proxy-authorization: Basic abc", "Basic #1")]
    [InlineData("cookie: session=abc; other=def", "#1")]
    // What does not read as a scheme and something after it may be the secret itself.
    [InlineData("authorization: s3cr3t", "#1")]
    [InlineData("authorization: Bearer ", "#1")]
    [InlineData("authorization: s3cr3t+/= and more", "#1")]
    [InlineData("authorization: averyveryveryveryveryverylongsecretword x", "#1")]
    public void A_credential_is_replaced_by_scheme_and_ordinal(string line, string expected) => Assert.Equal(expected, Cover(line));

    [Fact]
    public void The_same_credential_has_the_same_ordinal_and_each_scheme_counts_for_itself() =>
        Assert.Equal(
            ["Bearer #1", "Bearer #2", "Bearer #1", "Basic #1", "#1", "#1", "#2"],
            new[] { "authorization: Bearer a", "authorization: Bearer b", "authorization: Bearer a", "authorization: Basic a", "cookie: a", "authorization: a", "cookie: b" }.Select(Cover));

    [Fact]
    public void A_restarted_session_goes_on_counting() =>
        Assert.Equal("Bearer #8", new CredentialVeil(new Dictionary<string, int> { ["Bearer"] = 7 }).Cover(Recorded.Fields("authorization: Bearer a"))[0].Value);

    [Fact]
    public void Everything_else_is_left_as_it_is()
    {
        var fields = Recorded.Fields("accept: a\nx-token: b\nset-cookie: c");
        Assert.Same(fields, _veil.Cover(fields));
        Assert.Equal(Recorded.Fields("accept: a\nauthorization: Bearer #1\nvia: b"), _veil.Cover(Recorded.Fields("accept: a\nauthorization: Bearer x\nvia: b")));
    }

    private string Cover(string line) => _veil.Cover(Recorded.Fields(line))[0].Value;
}
