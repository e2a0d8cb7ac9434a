using System.Text;
using CsCheck;
using Kache.Exchanges;
using Xunit;

namespace Kache.Tests.Exchanges.Bodies;

[Trait("Row", "H3")]
public sealed class MultipartMeaningTests
{
    private static readonly (string Head, string Content)[] TwoParts =
    [
        ("Content-Disposition: form-data; name=\"a\"", "1"),
        ("Content-Disposition: form-data; name=\"b\"; filename=\"x.bin\"\r\nContent-Type: application/octet-stream", "\r\n--not\r\n\0"),
    ];

    [Fact]
    public void The_boundary_does_not_matter() => Assert.Equal(Of("xyz", TwoParts), Of("----another 42", TwoParts));

    [Fact]
    public void What_stands_around_the_parts_does_not_matter() =>
        Assert.Equal(Of("xyz", TwoParts), Meaning.Of("multipart/form-data; boundary=xyz", "Hello\r\n" + Body("xyz", TwoParts) + "Bye"));

    [Theory]
    [InlineData("multipart/form-data;boundary=xyz")]
    [InlineData("Multipart/Form-Data; BOUNDARY=\"xyz\"")]
    [InlineData("multipart/form-data; boundary=\"x\\yz\"")]
    public void The_boundary_is_found_however_it_is_written(string type) =>
        Assert.Equal(Of("xyz", TwoParts), Meaning.Of(type, Body("xyz", TwoParts)));

    [Fact]
    public void Parts_are_told_apart_by_order_head_and_content()
    {
        var whole = Of("xyz", TwoParts);

        Assert.NotEqual(whole, Of("xyz", [TwoParts[1], TwoParts[0]]));
        Assert.NotEqual(whole, Of("xyz", [TwoParts[0]]));
        Assert.NotEqual(whole, Of("xyz", [TwoParts[0], TwoParts[1] with { Content = "other" }]));
        Assert.NotEqual(whole, Of("xyz", [TwoParts[0] with { Head = "Content-Disposition: form-data; name=\"c\"" }, TwoParts[1]]));
        Assert.NotEqual(whole, Meaning.Of("multipart/mixed; boundary=xyz", Body("xyz", TwoParts)));
    }

    [Fact]
    public void A_part_is_read_by_the_rule_for_its_own_type() => Assert.Equal(
        Of("xyz", [("Content-Type: application/json", """{"a":1,"b":2}""")]),
        Of("xyz", [("content-type:application/json", """{ "b":2, "a":1 }""")]));

    [Fact]
    public void Parts_within_parts_have_boundaries_that_do_not_matter_either()
    {
        static Digest Nested(string inner) => Of("xyz", [($"Content-Type: multipart/mixed; boundary={inner}", Body(inner, TwoParts))]);

        Assert.Equal(Nested("one"), Nested("two"));
    }

    [Fact]
    public void A_part_without_a_head_is_a_part() => Assert.NotEqual(Of("xyz", [("", "1")]), Of("xyz", [("", "2")]));

    [Fact]
    public void Ignored_parts_are_left_out() => Assert.Equal(
        Meaning.Of("multipart/form-data; boundary=xyz", Body("xyz", TwoParts), "a"),
        Meaning.Of("multipart/form-data; boundary=xyz", Body("xyz", [TwoParts[1]]), "a"));

    [Theory]
    [InlineData("multipart/form-data", "--x\r\n\r\n1\r\n--x--")]
    [InlineData("multipart/form-data; boundary=", "--x\r\n\r\n1\r\n--x--")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\n\r\n1\r\n")]
    [InlineData("multipart/form-data; boundary=x", "--x\n\n1\n--x--")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nno head's end\r\n--x--")]
    [InlineData("multipart/form-data; boundary=x", "nothing of the kind")]
    public void What_is_not_whole_goes_by_its_bytes(string type, string body) =>
        Assert.Equal(Digest.Of(Encoding.UTF8.GetBytes(body)), Meaning.Of(type, body));

    [Fact]
    public void Bodies_are_equal_when_their_parts_are()
    {
        var part = Gen.Select(Meaning.Any("", "X: 1", "Content-Type: text/plain\r\nX: 2"), Gen.String[Gen.Char["ab\r\n-"], 0, 6]);
        Gen.Select(part.Array[0, 3], part.Array[0, 3]).Sample((one, other) =>
            Of("first", one) == Of("second", one) && (Of("first", one) == Of("second", other)) == one.SequenceEqual(other));
    }

    private static Digest Of(string boundary, (string, string)[] parts) => Meaning.Of($"multipart/form-data; boundary=\"{boundary}\"", Body(boundary, parts));

    private static string Body(string boundary, (string Head, string Content)[] parts) =>
        string.Concat(parts.Select(part => $"--{boundary}\r\n{(part.Head.Length > 0 ? part.Head + "\r\n" : "")}\r\n{part.Content}\r\n")) + $"--{boundary}--\r\n";
}
