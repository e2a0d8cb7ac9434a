using Kache.EndToEnd.Serving;
using Xunit;

namespace Kache.EndToEnd.Http;

/// <summary>What a client says reaches the origin, and what the origin says reaches the client, byte for byte; in playback too.</summary>
public sealed class TargetAndFieldTests(Ground ground) : IClassFixture<Ground>
{
    [Theory]
    [InlineData("/a%2fb%2F..%2fc")]
    [InlineData("//double//slashes")]
    [InlineData("/up/../and/./down")]
    [InlineData("/~tilde+plus%20space%7e")]
    [InlineData("/q?a=1&b=%zz&&c=/../x?y")]
    [InlineData("/p;v=1,2:3@[x]|^`{}")]
    [InlineData("/?")]
    [Trait("Row", "H1")]
    public async Task A_target_is_forwarded_and_kept_as_it_was_sent(string target)
    {
        ground.Origin.Answers(target, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nyes\n");
        ground.Origin.Answers(target.Split('?')[0], "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nyes\n");

        var (recorded, played) = await ground.BothAsync("h1", "https://script.test" + target);

        Assert.Equal("yes\n", recorded.Text);
        Assert.Equal("yes\n", played.Text);
        Assert.Equal(target, ground.Origin.Requests[^1].Target);
    }

    [Fact]
    [Trait("Row", "H2")]
    public async Task Fields_of_an_answer_are_kept_with_their_duplicates_order_and_bytes()
    {
        ground.Origin.Answers("/fields",
            "HTTP/1.1 203 Quite enough, thanks\r\nSet-Cookie: a=1\r\nX-Multi: one\r\nSet-Cookie: b=2; Path=/\r\nX-Multi: two, three\r\n"
            + "X-Bytes: caf\u00e9 \u00ff\r\nX-Empty:\r\nX-Spaces: a   b\r\nConnection: keep-alive, X-Hop\r\nX-Hop: gone\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok");

        var (recorded, played) = await ground.BothAsync("h2", "https://script.test/fields");

        foreach (var answer in new[] { recorded, played })
        {
            Assert.Equal(203, answer.Status);
            Assert.Equal("Quite enough, thanks", answer.Reason);
            Assert.Equal(["a=1", "b=2; Path=/"], answer.Values("set-cookie"));
            Assert.Equal(["one", "two, three"], answer.Values("x-multi"));
            Assert.Equal(["caf\u00e9 \u00ff"], answer.Values("x-bytes"));
            Assert.Equal([""], answer.Values("x-empty"));
            Assert.Equal(["a   b"], answer.Values("x-spaces"));
            Assert.Empty(answer.Values("x-hop"));
            Assert.Empty(answer.Values("keep-alive"));
        }
    }

    [Fact]
    [Trait("Row", "H2")]
    public async Task Fields_of_a_request_reach_the_origin_with_their_duplicates_and_without_what_is_hop_by_hop()
    {
        ground.Origin.Answers("/request-fields", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var recording = await ground.RecordAsync("h2-request");

        await ground.AskAsync("https://script.test/request-fields",
            "X-Multi: one\r\nX-Multi: two\r\nX-Bytes: caf\u00e9\r\nConnection: X-Hop\r\nX-Hop: gone\r\nTE: trailers\r\nUpgrade-Insecure-Requests: 1\r\nUser-Agent: me/1\r\n");

        var request = ground.Origin.Requests[^1];
        // Joined, which means the same (RFC 9110 §5.3): docs/decisions/http-message-invoker.md tells why.
        Assert.Equal("one, two", string.Join(", ", request.Values("x-multi")));
        Assert.Equal(["caf\u00e9"], request.Values("x-bytes"));
        Assert.Equal(["me/1"], request.Values("user-agent"));
        Assert.Equal(["script.test"], request.Values("host"));
        Assert.Empty(request.Values("x-hop"));
        Assert.Empty(request.Values("x-forwarded-for"));
        Assert.Empty(request.Values("via"));
        Assert.Empty(request.Values("traceparent"));
    }

    [Theory]
    [InlineData("X-Bad: a\u0001b")]
    [InlineData("X-Bad: a\u007fb")]
    [Trait("Row", "H2")]
    public async Task A_control_character_in_a_field_of_an_origin_is_its_error_and_does_not_reach_the_client(string field)
    {
        ground.Origin.Answers("/control", $"HTTP/1.1 200 OK\r\n{field}\r\nContent-Length: 2\r\n\r\nok");
        await using var recording = await ground.RecordAsync("h2-control");

        var answer = await ground.AskAsync("https://script.test/control");

        Assert.Equal(502, answer.Status);
        Assert.Empty(answer.Values("x-bad"));
    }

    [Fact]
    [Trait("Row", "H17")]
    public async Task Date_Age_Last_Modified_and_Set_Cookie_are_played_back_as_they_were()
    {
        const string Fields = "Date: Tue, 01 Jan 2019 00:00:00 GMT\r\nAge: 777\r\nLast-Modified: Mon, 31 Dec 2018 10:00:00 GMT\r\nExpires: Thu, 01 Jan 1970 00:00:00 GMT\r\nSet-Cookie: s=1; Expires=Wed, 02 Jan 2019 00:00:00 GMT\r\nServer: old/1\r\n";
        ground.Origin.Answers("/dated", $"HTTP/1.1 200 OK\r\n{Fields}Content-Length: 2\r\n\r\nok");

        var (recorded, played) = await ground.BothAsync("h17", "https://script.test/dated");

        foreach (var answer in new[] { recorded, played })
        {
            foreach (var field in Fields.Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
            {
                Assert.Equal([field[(field.IndexOf(':') + 2)..]], answer.Values(field[..field.IndexOf(':')]));
            }
        }
        Assert.Equal(recorded.Fields.Select(f => f.Name.ToLowerInvariant()).Order(), played.Fields.Select(f => f.Name.ToLowerInvariant()).Order());
    }

    [Fact]
    [Trait("Row", "H2")]
    [Trait("Row", "N8")]
    public async Task Alt_Svc_does_not_take_the_client_elsewhere()
    {
        ground.Origin.Answers("/alt", "HTTP/1.1 200 OK\r\nAlt-Svc: h3=\":443\"; ma=86400\r\nContent-Length: 2\r\n\r\nok");

        var (recorded, played) = await ground.BothAsync("n8", "https://script.test/alt");

        Assert.Empty(recorded.Values("alt-svc"));
        Assert.Empty(played.Values("alt-svc"));
    }

    [Theory]
    [InlineData(2000)]
    [InlineData(30_000)]
    [InlineData(60_000)]
    [Trait("Row", "H20")]
    public async Task A_long_target_passes(int length)
    {
        var target = "/long?" + new string('x', length);
        ground.Origin.Answers("/long", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

        var (recorded, played) = await ground.BothAsync("h20-target", "https://script.test" + target);

        Assert.Equal((200, 200), (recorded.Status, played.Status));
        Assert.Equal(target, ground.Origin.Requests[^1].Target);
    }

    [Fact]
    [Trait("Row", "H20")]
    public async Task Many_and_large_fields_pass_both_ways()
    {
        var many = string.Concat(Enumerable.Range(0, 300).Select(i => $"X-Field-{i}: value {i}\r\n"));
        var large = $"X-Large: {new string('y', 60_000)}\r\n";
        ground.Origin.Answers("/many", $"HTTP/1.1 200 OK\r\n{many}{large}Content-Length: 2\r\n\r\nok");

        var (recorded, played) = await ground.BothAsync("h20-fields", "https://script.test/many", many + large);

        foreach (var answer in new[] { recorded, played })
        {
            Assert.Equal("ok", answer.Text);
            Assert.Equal(60_000, answer.Value("x-large")!.Length);
            Assert.Equal("value 299", answer.Value("x-field-299"));
        }
        Assert.Equal(60_000, ground.Origin.Requests[^1].Value("x-large")!.Length);
        Assert.Equal("value 299", ground.Origin.Requests[^1].Value("x-field-299"));
    }
}
