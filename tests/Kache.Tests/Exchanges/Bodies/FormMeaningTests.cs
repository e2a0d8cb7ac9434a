using System.Text;
using CsCheck;
using Kache.Exchanges;
using Xunit;

namespace Kache.Tests.Exchanges.Bodies;

[Trait("Row", "H3")]
public sealed class FormMeaningTests
{
    [Theory]
    [InlineData("a=1&b=2", "b=2&a=1")]
    [InlineData("a=1&b=2", "a=1&&b=2&")]
    [InlineData("a=x+y", "a=x%20y")]
    [InlineData("a=%7e%7E", "a=~~")]
    [InlineData("%61=1", "a=1")]
    [InlineData("a=%zz", "a=%25zz")]
    [InlineData("a=1&b=x&a=2", "b=x&a=1&a=2")]
    public void The_same_fields_are_the_same(string one, string other) =>
        Assert.Equal(Meaning.Of(Meaning.Form, one), Meaning.Of(Meaning.Form, other));

    [Theory]
    [InlineData("a=1&a=2", "a=2&a=1")]
    [InlineData("a=1&a=1", "a=1")]
    [InlineData("a=1", "A=1")]
    [InlineData("a", "a=")]
    [InlineData("a=1%26b=2", "a=1&b=2")]
    [InlineData("a=b=c", "a=b%3Dc%3D")]
    [InlineData("a=%2B", "a=+")]
    public void What_is_not_the_same_stays_apart(string one, string other) =>
        Assert.NotEqual(Meaning.Of(Meaning.Form, one), Meaning.Of(Meaning.Form, other));

    [Theory]
    [InlineData("""{"a":"1+1"}""")]
    [InlineData("two words & more")]
    [InlineData("<xml/>")]
    [InlineData("größe=1")]
    public void What_curl_calls_a_form_and_is_none_goes_by_its_bytes(string body) =>
        Assert.Equal(Digest.Of(Encoding.UTF8.GetBytes(body)), Meaning.Of(Meaning.Form, body));

    [Fact]
    public void Ignored_fields_are_left_out() =>
        Assert.Equal(Meaning.Of(Meaning.Form, "nonce=1&q=a", "nonce"), Meaning.Of(Meaning.Form, "q=a&nonce=2&nonce=3", "nonce"));

    [Fact]
    public void Forms_are_equal_when_each_name_has_the_same_values_in_order()
    {
        var text = Gen.String[Gen.Char["ab &=+%é"], 0, 3];
        var fields = Gen.Select(text, text).Array[0, 5];
        Gen.Select(fields, fields, Gen.Int).Sample((one, other, seed) =>
        {
            var dice = new Random(seed);
            var same = one.Select(f => f.Item1).Concat(other.Select(f => f.Item1)).Distinct()
                .All(name => one.Where(f => f.Item1 == name).SequenceEqual(other.Where(f => f.Item1 == name)));
            var stirred = Stirred(one, dice);
            return Meaning.Of(Meaning.Form, Write(one, dice)) == Meaning.Of(Meaning.Form, Write(stirred, dice))
                && (Meaning.Of(Meaning.Form, Write(one, dice)) == Meaning.Of(Meaning.Form, Write(other, dice))) == same;
        });
    }

    // Never nothing: that is the digest of nothing, which is no form.
    private static string Write((string, string)[] fields, Random dice) =>
        "z=&" + string.Join('&', fields.Select(field => $"{Escaped(field.Item1, dice)}={Escaped(field.Item2, dice)}"));

    private static string Escaped(string text, Random dice) => string.Concat(Encoding.UTF8.GetBytes(text).Select(b =>
        b == ' ' && dice.Next(2) == 0 ? "+"
        : char.IsAsciiLetter((char)b) && dice.Next(2) == 0 ? ((char)b).ToString()
        : dice.Next(2) == 0 ? $"%{b:x2}" : $"%{b:X2}"));

    private static (string, string)[] Stirred((string Name, string)[] fields, Random dice)
    {
        var groups = fields.GroupBy(field => field.Name).ToArray();
        dice.Shuffle(groups);
        return [.. groups.SelectMany(group => group)];
    }
}
