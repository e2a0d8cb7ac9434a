using System.Text;
using Kache.Recording;
using Kache.Upstream;
using Xunit;

namespace Kache.Tests.Recording;

[Trait("Row", "H22")]
public sealed class OwnAnswerTests
{
    [Theory]
    [InlineData("plain", "details=\"plain\"")]
    [InlineData("say \"no\" \\ yes", "details=\"say \\\"no\\\" \\\\ yes\"")]
    [InlineData("a\r\nset-cookie: b", "details=\"a??set-cookie: b\"")]
    [InlineData("f\u00fcr \u2026", "details=\"f?r ?\"")]
    public void What_happened_is_told_in_a_field_that_cannot_be_broken_out_of(string details, string expected)
    {
        var answer = OwnAnswer.Of(new UpstreamException(UpstreamFailure.ConnectionRefused, details));
        Assert.Equal(502, answer.Status);
        Assert.Equal($"kache; error=connection_refused; {expected}", answer.Fields(0).First("proxy-status"));
        Assert.Contains(details, Encoding.UTF8.GetString(answer.Body.Span));
    }

    [Fact]
    [Trait("Row", "N12")]
    public void A_loop_is_508() => Assert.Equal((508, "Loop Detected"), Of(UpstreamFailure.Loop));

    [Fact]
    public void Time_that_ran_out_is_504() => Assert.Equal((504, "Gateway Timeout"), Of(UpstreamFailure.DnsTimeout));

    [Fact]
    [Trait("Row", "H25")]
    public void A_full_disk_is_507_with_the_reason()
    {
        var answer = OwnAnswer.Full("no space left");
        Assert.Equal(507, answer.Status);
        Assert.Contains("no space left", Encoding.UTF8.GetString(answer.Body.Span));
    }

    private static (int, string) Of(UpstreamFailure failure)
    {
        var answer = OwnAnswer.Of(new UpstreamException(failure, "x"));
        return (answer.Status, answer.Reason);
    }
}
