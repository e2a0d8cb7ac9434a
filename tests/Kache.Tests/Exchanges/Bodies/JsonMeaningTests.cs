using System.Globalization;
using System.Numerics;
using System.Text;
using CsCheck;
using Kache.Exchanges;
using Xunit;

namespace Kache.Tests.Exchanges.Bodies;

[Trait("Row", "H3")]
public sealed class JsonMeaningTests
{
    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{"b":2,"a":1}""")]
    [InlineData("""{"a":1}""", " {\n \"a\" : 1 }\r\n")]
    [InlineData("""{"a":{"x":[1,2],"y":null}}""", """{"a":{"y":null,"x":[1,2]}}""")]
    [InlineData("\"a\\u0062/\"", "\"ab\\/\"")]
    [InlineData("\"\\ud83d\\ude00\"", "\"😀\"")]
    [InlineData("""{"\u0061":1}""", """{"a":1}""")]
    [InlineData("1", "1.0")]
    [InlineData("100", "1e2")]
    [InlineData("0.01", "1E-2")]
    [InlineData("-12.50", "-1.25e+1")]
    [InlineData("0", "0.0e7")]
    [InlineData("123456789012345678901234567890", "12345678901234567890123456789e1")]
    public void The_same_said_in_another_way_is_the_same(string one, string other) =>
        Assert.Equal(Meaning.Of(Meaning.Json, one), Meaning.Of(Meaning.Json, other));

    [Theory]
    [InlineData("""{"a":1}""", """{"a":2}""")]
    [InlineData("""{"a":1}""", """{"A":1}""")]
    [InlineData("""{"a":1}""", """{"a":"1"}""")]
    [InlineData("""[1,2]""", """[2,1]""")]
    [InlineData("""[[1],2]""", """[[1,2]]""")]
    [InlineData("""{"a":null}""", "{}")]
    [InlineData("[]", "{}")]
    [InlineData("null", "false")]
    [InlineData("true", "false")]
    [InlineData("\"true\"", "true")]
    [InlineData("0", "-0")]
    [InlineData("9007199254740993", "9007199254740992")]
    [InlineData("1e400", "1e401")]
    [InlineData("""{"a":1,"a":2}""", """{"a":2,"a":1}""")]
    [InlineData("""{"a":1,"a":1}""", """{"a":1}""")]
    public void What_is_not_the_same_stays_apart(string one, string other) =>
        Assert.NotEqual(Meaning.Of(Meaning.Json, one), Meaning.Of(Meaning.Json, other));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("{'a':1}")]
    [InlineData("[1,]")]
    [InlineData("\"\\ud83d\"")]
    [InlineData("// no\n1")]
    public void What_is_no_json_goes_by_its_bytes(string text) =>
        Assert.Equal(Digest.Of(Encoding.UTF8.GetBytes(text)), Meaning.Of(Meaning.Json, text));

    [Fact]
    public void A_string_that_is_no_text_goes_by_its_bytes()
    {
        byte[] body = [(byte)'"', 0xff, (byte)'"'];

        Assert.Equal(Digest.Of(body), Meaning.OfBytes(Meaning.Json, body));
    }

    [Fact]
    public void What_is_too_deep_goes_by_its_bytes()
    {
        var deep = new string('[', 65) + new string(']', 65);

        Assert.Equal(Digest.Of(Encoding.UTF8.GetBytes(deep)), Meaning.Of(Meaning.Json, deep));
        Assert.NotEqual(Digest.Of(Encoding.UTF8.GetBytes(deep[1..^1])), Meaning.Of(Meaning.Json, deep[1..^1]));
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON")]
    [InlineData("application/vnd.npm.install-v1+json")]
    [InlineData("text/json")]
    public void Every_name_of_json_is_known(string type) =>
        Assert.Equal(Meaning.Of(Meaning.Json, """{"a":1,"b":2}"""), Meaning.Of(type, """{"b":2,"a":1}"""));

    [Fact]
    public void Ignored_fields_are_left_out_wherever_they_are_on_their_path()
    {
        const string one = """{"id":"x","vars":[{"session":"1","q":"a"}],"session":"kept"}""";
        const string other = """{"id":"y","vars":[{"session":{"deep":[2]},"q":"a"}],"session":"kept"}""";
        const string third = """{"id":"y","vars":[{"session":"2","q":"a"}],"session":"changed"}""";

        Assert.Equal(Meaning.Of(Meaning.Json, one, "id", "vars.session"), Meaning.Of(Meaning.Json, other, "id", "vars.session"));
        Assert.NotEqual(Meaning.Of(Meaning.Json, one, "id", "vars.session"), Meaning.Of(Meaning.Json, third, "id", "vars.session"));
        Assert.NotEqual(Meaning.Of(Meaning.Json, one, "id"), Meaning.Of(Meaning.Json, other, "id"));
    }

    [Fact]
    public void A_value_written_anew_is_equal_and_one_with_a_change_is_not() =>
        Gen.Select(Value(3), Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue]).Sample((value, one, other) =>
        {
            var (a, b) = (Write(value, new Random(one)), Write(value, new Random(other)));
            return Meaning.Of(Meaning.Json, a) == Meaning.Of(Meaning.Json, b)
                && Meaning.Of(Meaning.Json, a) != Meaning.Of(Meaning.Json, Write(Changed(value, new Random(one)), new Random(other)));
        });

    [Fact]
    public void Numbers_are_equal_when_their_exact_values_are()
    {
        var digits = Gen.Int[0, 2000].Select(n => n.ToString(CultureInfo.InvariantCulture));
        var number = Gen.Select(Gen.Bool, digits, Gen.OneOf(Gen.Const(""), Gen.Int[0, 99].Select(n => $".{n:00}")), Gen.OneOf(Gen.Const(""), Gen.Int[-4, 4].Select(n => $"e{n}")),
            (minus, whole, fraction, exponent) => $"{(minus ? "-" : "")}{whole}{fraction}{exponent}");
        Gen.Select(number, number).Sample((a, b) =>
            (Meaning.Of(Meaning.Json, a) == Meaning.Of(Meaning.Json, b)) == (Scaled(a) == Scaled(b) && IsMinusZero(a) == IsMinusZero(b)), iter: 5_000);
    }

    private static bool IsMinusZero(string number) => number[0] == '-' && Scaled(number).IsZero;

    // The value times 10^6, exactly.
    private static BigInteger Scaled(string number)
    {
        var parts = number.Split('e');
        var mantissa = parts[0].Split('.');
        var scale = 6 + (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0) - (mantissa.Length > 1 ? 2 : 0);
        return BigInteger.Parse(string.Concat(mantissa), CultureInfo.InvariantCulture) * BigInteger.Pow(10, scale);
    }

    private abstract record Json;

    private sealed record Text(string Value) : Json;

    private sealed record Number(int Value) : Json;

    private sealed record Word(string Value) : Json;

    private sealed record Items(Json[] Values) : Json;

    private sealed record Members((string Name, Json Value)[] Values) : Json;

    private static Gen<Json> Value(int depth)
    {
        var text = Gen.String[Gen.Char["ab\"\\/é\n"], 0, 4];
        var scalar = Gen.OneOf<Json>(
            text.Select(value => (Json)new Text(value)), Gen.Int[-1200, 1200].Select(value => (Json)new Number(value)),
            Meaning.Any("true", "false", "null").Select(value => (Json)new Word(value)));
        if (depth == 0) return scalar;
        var below = Value(depth - 1);
        return Gen.OneOf(
            scalar,
            below.Array[0, 4].Select(values => (Json)new Items(values)),
            Gen.Select(text, below).Array[0, 4].Select(values => (Json)new Members([.. values.DistinctBy(member => member.Item1)])));
    }

    /// <summary>The same value, with members, escapes, digits and white space as the dice fall.</summary>
    private static string Write(Json value, Random dice)
    {
        var space = dice.Next(4) == 0 ? " \n" : "";
        return space + value switch
        {
            Text text => Quoted(text.Value, dice),
            Number { Value: var n } => dice.Next(3) switch { 0 => $"{n}", 1 => $"{n}.00", _ => n == 0 ? "0e5" : $"{n}0e-1" },
            Word word => word.Value,
            Items items => $"[{string.Join(',', items.Values.Select(item => Write(item, dice)))}]",
            Members members => $"{{{string.Join(',', Shuffled(members.Values, dice).Select(member => $"{Quoted(member.Name, dice)}{space}:{Write(member.Value, dice)}"))}}}",
            _ => throw new InvalidOperationException(),
        } + space;
    }

    private static T[] Shuffled<T>(T[] values, Random dice)
    {
        T[] copy = [.. values];
        dice.Shuffle(copy);
        return copy;
    }

    private static string Quoted(string text, Random dice)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c is '"' or '\\' or '\n' || dice.Next(3) == 0) quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }

    private static Json Changed(Json value, Random dice) => value switch
    {
        Text text => new Text(text.Value + "x"),
        Number number => new Number(number.Value + 1),
        Word word => new Word(word.Value == "true" ? "false" : "true"),
        Items { Values: [] } => new Items([new Number(0)]),
        Items items => new Items(ChangedAt(items.Values, dice, item => Changed(item, dice))),
        Members { Values: [] } => new Members([("a", new Number(0))]),
        Members members => new Members(ChangedAt(members.Values, dice, member => member with { Value = Changed(member.Value, dice) })),
        _ => throw new InvalidOperationException(),
    };

    private static T[] ChangedAt<T>(T[] values, Random dice, Func<T, T> change)
    {
        T[] copy = [.. values];
        var at = dice.Next(copy.Length);
        copy[at] = change(copy[at]);
        return copy;
    }
}
