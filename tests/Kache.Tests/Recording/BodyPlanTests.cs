using Kache.Exchanges;
using Kache.Recording;
using Xunit;

namespace Kache.Tests.Recording;

[Trait("Row", "H11")]
public sealed class BodyPlanTests
{
    [Theory]
    [InlineData("GET", 200, "5", "", "Length", 5L)]
    [InlineData("GET", 200, "0", "", "Length", 0L)]
    [InlineData("GET", 200, "5 5", "", "Length", 5L)]
    [InlineData("GET", 200, "", "chunked", "Chunked", null)]
    [InlineData("GET", 200, "", "Chunked", "Chunked", null)]
    [InlineData("GET", 200, "", "", "Close", null)]
    [InlineData("HEAD", 200, "5", "", "None", 5L)]
    [InlineData("HEAD", 200, "", "chunked", "None", null)]
    [InlineData("GET", 204, "", "", "None", null)]
    [InlineData("GET", 304, "5", "", "None", 5L)]
    public void A_sound_head_says_how_its_body_ends(string method, int status, string lengths, string codings, string framing, long? length)
    {
        var plan = Plan(method, status, lengths, codings);
        Assert.Null(plan.Fault);
        Assert.Equal((framing, length), (plan.Framing.ToString(), plan.Length));
    }

    [Theory]
    [InlineData("", "Chunked")]
    [InlineData("5", "Length")]
    public void Over_h2_the_stream_ends_the_body(string lengths, string framing) =>
        Assert.Equal(framing, BodyPlan.Of(head: false, 200, multiplexed: true, Words(lengths), []).Framing.ToString());

    [Theory]
    [InlineData("5 6", "", "two lengths, 5 and 6")]
    [InlineData("-5", "", "not a number")]
    [InlineData("+5", "", "not a number")]
    [InlineData("5x", "", "not a number")]
    [InlineData("99999999999999999999", "", "not a number")]
    [InlineData("5", "chunked", "beside chunked")]
    [InlineData("", "gzip,chunked", "transfer coding")]
    [InlineData("", "chunked chunked", "transfer coding")]
    public void A_head_that_contradicts_itself_makes_no_whole_body(string lengths, string codings, string fault) =>
        Assert.Contains(fault, Plan("GET", 200, lengths, codings).Fault);

    private static BodyPlan Plan(string method, int status, string lengths, string codings) =>
        BodyPlan.Of(method == "HEAD", status, multiplexed: false, Words(lengths), Words(codings));

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
