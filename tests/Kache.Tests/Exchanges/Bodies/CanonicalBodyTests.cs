using System.IO.Compression;
using System.Text;
using CsCheck;
using Kache.Exchanges;
using Kache.Exchanges.Bodies;
using Xunit;

namespace Kache.Tests.Exchanges.Bodies;

[Trait("Row", "H3")]
public sealed class CanonicalBodyTests
{
    private static readonly byte[] Sentence = Encoding.UTF8.GetBytes("""{"name":"audit","requires":{"left-pad":"1.3.0"}}""");

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("deflate")]
    [InlineData("raw deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("gzip, br")]
    [Trait("Row", "C3")]
    public void A_content_coding_does_not_matter(string coding)
    {
        var encoded = coding.Split(", ").Aggregate(Sentence, Encoded);

        Assert.Equal(Digest.Of(Sentence), Meaning.OfBytes(null, encoded, coding.Replace("raw ", "", StringComparison.Ordinal)));
        Assert.Equal(Meaning.OfBytes(Meaning.Json, Sentence), Meaning.OfBytes(Meaning.Json, encoded, coding.Replace("raw ", "", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("aws-chunked")]
    public void What_is_not_what_its_coding_says_goes_by_its_bytes(string coding) =>
        Assert.Equal(Digest.Of(Sentence), Meaning.OfBytes(Meaning.Json, Sentence, coding));

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public void What_ends_early_is_not_the_whole(string coding)
    {
        var encoded = Encoded(Sentence, coding);

        // What misses its checksum alone has said all that it had to say.
        for (var length = 1; length < encoded.Length / 2; length++)
            Assert.NotEqual(Meaning.OfBytes(Meaning.Json, Sentence), Meaning.OfBytes(Meaning.Json, encoded[..length], coding));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public void A_bomb_goes_by_its_bytes(string coding)
    {
        var bomb = Encoded(new byte[64 * 1024 * 1024], coding);
        Assert.True(bomb.Length < CanonicalBody.LongestRead);

        Assert.Equal(Digest.Of(bomb), Meaning.OfBytes(null, bomb, coding));
    }

    [Fact]
    public void Nothing_is_nothing_whatever_it_is_called()
    {
        Assert.Equal(Digest.Empty, Meaning.Of(Meaning.Json, ""));
        Assert.Equal(Digest.Empty, Meaning.OfBytes(Meaning.Form, [], "gzip"));
    }

    [Fact]
    public void Bodies_of_different_kinds_are_never_the_same()
    {
        string?[] types = [null, Meaning.Json, "application/octet-stream"];
        var digests = types.Select(type => Meaning.Of(type, "\"a\"")).ToList();

        Assert.Equal(digests[0], digests[2]);
        Assert.NotEqual(digests[0], digests[1]);
        Assert.NotEqual(Meaning.Of(Meaning.Form, "1"), Meaning.Of(Meaning.Json, "1"));
    }

    [Fact]
    public void Only_what_has_a_meaning_or_a_coding_needs_to_be_read()
    {
        Assert.True(CanonicalBody.IsRead(Meaning.Json, null));
        Assert.True(CanonicalBody.IsRead(null, "gzip"));
        Assert.False(CanonicalBody.IsRead("application/octet-stream", null));
        Assert.False(CanonicalBody.IsRead(null, "identity"));
    }

    [Fact]
    public void Every_body_has_a_meaning_and_only_one()
    {
        var type = Meaning.Any<string?>(null, Meaning.Json, Meaning.Form, Meaning.Fetch, "multipart/mixed; boundary=b", "text/plain");
        var coding = Meaning.Any<string?>(null, "gzip", "deflate", "br", "zstd");
        Gen.Select(type, coding, Gen.Byte.Array[0, 60]).Sample((type, coding, body) =>
            Meaning.OfBytes(type, body, coding) == Meaning.OfBytes(type, [.. body], coding), iter: 50_000);
    }

    private static byte[] Encoded(byte[] bytes, string coding)
    {
        using var encoded = new MemoryStream();
        using (Stream encoder = coding switch
        {
            "gzip" or "x-gzip" => new GZipStream(encoded, CompressionLevel.Optimal),
            "deflate" => new ZLibStream(encoded, CompressionLevel.Optimal),
            "raw deflate" => new DeflateStream(encoded, CompressionLevel.Optimal),
            "br" => new BrotliStream(encoded, CompressionLevel.Fastest),
            _ => new ZstdSharp.CompressionStream(encoded),
        }) encoder.Write(bytes);
        return encoded.ToArray();
    }
}
