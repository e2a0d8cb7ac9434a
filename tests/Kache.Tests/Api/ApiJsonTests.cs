using System.Text.Json;
using Kache.Api;
using Kache.Sessions;
using Xunit;

namespace Kache.Tests.Api;

public sealed class ApiJsonTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("""{"name":"ci"}""")]
    [InlineData("""{"name":null,"allow":["admin"]}""")]
    [InlineData("""{"name":"ci","allow":null}""")]
    [InlineData("""{"name":"ci","allow":["admin"],"more":1}""")]
    [InlineData("""{"name":"ci","allow":"admin"}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public void What_is_missing_null_or_unknown_is_not_the_JSON_that_is_expected(string text) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(text, ApiJson.Default.CreateToken));

    [Fact]
    public void What_is_optional_may_be_left_out_or_null()
    {
        var open = JsonSerializer.Deserialize("""{"mode":"record","reference":"a","clients":null}""", ApiJson.Default.OpenSession)!;
        Assert.Equal(("record", "a", null, false), (open.Mode, open.Reference, open.Clients, open.Faithful));
        Assert.True(JsonSerializer.Deserialize("{}", ApiJson.Default.CloseSession)!.MoveTag);
    }

    [Fact]
    public void Nulls_inside_lists_are_mistakes_and_no_defects()
    {
        Assert.False(AllowList.TryParse([null!], out _, out _));
        var open = new OpenSession("record", "a", Bypass: [null!, "a:80", "ok.test", ".suffix.test"], Http1: ["[::1]"], Ports: [0, 5000]);
        var refused = Assert.Throws<KacheException>(() => SessionWords.Options(open));
        Assert.Equal("invalid", refused.Token);
        Assert.Equal(3, refused.Message.Split('\n').Length);
    }

    [Fact]
    public void The_words_of_a_session_become_its_options()
    {
        var options = SessionWords.Options(new OpenSession("record", "a", Strict: true, Bypass: ["Internal.TEST.", ".corp.test"], Http1: ["old.test"], InsecureUpstream: ["::1", "[2001:DB8::2]"], Ports: [5000], Faithful: true));
        Assert.True(options is { Strict: true, Faithful: true });
        Assert.True(options.IsBypassed("internal.test") && options.IsBypassed("a.b.corp.test"));
        Assert.False(options.IsBypassed("corp.test") || options.IsBypassed("a.internal.test") || options.IsBypassed("xcorp.test"));
        Assert.True(options.IsHttp1("OLD.test"));
        Assert.True(options.IsInsecure("::1") && options.IsInsecure("2001:db8::2"));
        Assert.Equal([5000], options.Ports);
        Assert.Equal(SessionMode.Playback, SessionWords.ParseMode("playback"));
        Assert.Equal("invalid", Assert.Throws<KacheException>(() => SessionWords.ParseMode("Record")).Token);
    }

    [Fact]
    public void A_list_that_is_a_script_gone_wrong_is_refused() =>
        Assert.Throws<KacheException>(() => SessionWords.Options(new OpenSession("record", "a", Bypass: [.. Enumerable.Range(0, 1001).Select(i => $"h{i}.test")])));
}
