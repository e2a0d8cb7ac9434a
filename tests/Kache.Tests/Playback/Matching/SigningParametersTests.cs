using Kache.Playback.Matching;
using Xunit;

namespace Kache.Tests.Playback.Matching;

[Trait("Row", "H15")]
public sealed class SigningParametersTests
{
    [Theory]
    [InlineData("/f?X-Amz-Algorithm=a&X-Amz-Date=b&X-Amz-Signature=c", "/f")]
    [InlineData("/f?v=1&X-Amz-Signature=c&w=2", "/f?v=1&w=2")]
    [InlineData("/f?x-goog-signature=c&generation=4", "/f?generation=4")]
    [InlineData("/f?sv=2020&se=x&sr=b&sp=r&sig=abc%3D", "/f")]
    [InlineData("/f?sv=2020&se=x&sr=b&sp=r&sig=abc&comp=block", "/f?comp=block")]
    [InlineData("/f?Expires=1&Signature=s&Key-Pair-Id=k", "/f")]
    [InlineData("/f?id=7&Expires=1&Signature=s&Key-Pair-Id=k", "/f?id=7")]
    [InlineData("/f?__token__=exp=1~hmac=2", "/f")]
    public void What_signs_a_target_is_left_out(string target, string expected) => Assert.Equal(expected, SigningParameters.Strip(target));

    [Theory]
    [InlineData("/f")]
    [InlineData("/f?")]
    [InlineData("/f?a=1")]
    [InlineData("/f?sig=1")]
    [InlineData("/f?signature=1")]
    [InlineData("/f?sv=1&se=2")]
    [InlineData("/f?expires=1&policy=2")]
    [InlineData("/X-Amz-Signature=1")]
    public void Ordinary_words_sign_nothing(string target) => Assert.Null(SigningParameters.Strip(target));
}
