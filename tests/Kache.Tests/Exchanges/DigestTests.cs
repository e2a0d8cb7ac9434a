using CsCheck;
using Kache.Exchanges;
using Xunit;

namespace Kache.Tests.Exchanges;

public sealed class DigestTests
{
    [Fact]
    public void A_digest_is_SHA_256_in_lower_case() =>
        Assert.Equal("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Digest.Of("abc"u8).ToString());

    [Fact]
    public void What_is_written_is_read_again_and_sorts_as_it_is_written() =>
        Gen.Select(Gen.Byte.Array[Digest.Size], Gen.Byte.Array[Digest.Size]).Sample((a, b) =>
        {
            var (one, other) = (new Digest(a), new Digest(b));
            return Digest.Parse(one.ToString()) == one && Digest.Parse(one.Hex) == one
                && Math.Sign(one.CompareTo(other)) == Math.Sign(string.CompareOrdinal(one.Hex, other.Hex));
        });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256:")]
    [InlineData("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a")]
    [InlineData("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adf")]
    [InlineData("sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    [InlineData("sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a\n")]
    public void Anything_else_is_none(string? text) => Assert.False(Digest.TryParse(text, out _));
}
