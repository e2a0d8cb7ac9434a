using System.Text;
using CsCheck;
using Kache.Exchanges;
using Xunit;

namespace Kache.Tests.Exchanges.Bodies;

[Trait("Row", "C1")]
public sealed class GitMeaningTests
{
    private const string A = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string B = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    [Fact]
    public void Who_asks_does_not_matter_in_protocol_2() => Assert.Equal(
        Fetch("command=fetch", "agent=git/2.39.5", "object-format=sha1", "session-id=1f2e", "|", "thin-pack", $"want {A}", "done", "-"),
        Fetch("command=fetch", "agent=git/2.47.1-Linux", "object-format=sha1", "|", "thin-pack", $"want {A}", "done", "-"));

    [Fact]
    public void Who_asks_does_not_matter_before_protocol_2() => Assert.Equal(
        Fetch($"want {A} multi_ack_detailed side-band-64k agent=git/2.1 session-id=x", $"want {B}", "-", "done"),
        Fetch($"want {A} side-band-64k multi_ack_detailed agent=git/2.47.1", $"want {B}", "-", "done"));

    [Fact]
    public void Whether_a_terminal_is_there_does_not_matter() => Assert.Equal(
        Fetch("command=fetch", "|", "thin-pack", "no-progress", $"want {A}", "done", "-"),
        Fetch("command=fetch", "|", "thin-pack", $"want {A}", "done", "-"));

    [Fact]
    public void Wants_and_haves_are_sets() => Assert.Equal(
        Fetch("command=fetch", "|", $"want {A}", $"want {B}", $"have {B}", $"have {A}", "-"),
        Fetch("command=fetch", "|", $"want {B}", $"want {A}", $"want {A}", $"have {A}", $"have {B}", "-"));

    [Fact]
    public void What_comes_after_a_flush_stays_there() => Assert.NotEqual(
        Fetch($"want {A}", $"have {B}", "-"), Fetch($"want {A}", "-", $"have {B}"));

    [Fact]
    public void Capabilities_are_told_from_wants_by_any_place_of_the_first() => Assert.Equal(
        Fetch($"want {A} ofs-delta", $"want {B}", "-", "done"), Fetch($"want {B} ofs-delta", $"want {A}", "-", "done"));

    public static TheoryData<string[], string[]> Differing => new()
    {
        { ["command=fetch", "|", $"want {A}", "-"], ["command=fetch", "|", $"want {B}", "-"] },
        { ["command=fetch", "|", $"want {A}", "-"], ["command=fetch", "|", $"have {A}", "-"] },
        { ["command=fetch", "|", $"want {A}", "-"], ["command=fetch", "|", $"want {A}", "done", "-"] },
        { ["command=fetch", "|", $"want {A}", "deepen 1", "-"], ["command=fetch", "|", $"want {A}", "deepen 2", "-"] },
        { ["command=fetch", "|", $"want {A}", "filter blob:none", "-"], ["command=fetch", "|", $"want {A}", "-"] },
        { ["command=ls-refs", "|", "ref-prefix refs/heads/", "-"], ["command=ls-refs", "|", "ref-prefix refs/tags/", "-"] },
        { [$"want {A} ofs-delta", "-"], [$"want {A}", "-"] },
        { ["command=fetch", "object-format=sha1", "|", "-"], ["command=fetch", "object-format=sha256", "|", "-"] },
    };

    [Theory]
    [MemberData(nameof(Differing))]
    public void What_is_asked_for_matters(string[] one, string[] other) => Assert.NotEqual(Fetch(one), Fetch(other));

    [Fact]
    public void A_push_is_told_by_its_commands_and_its_pack()
    {
        static Digest Push(string agent, string pack) => Meaning.Of(Meaning.Push, Meaning.Pkt($"{A} {B} refs/heads/main\0 report-status agent={agent}", "-") + "PACK" + pack);

        Assert.Equal(Push("git/1", "x"), Push("git/2", "x"));
        Assert.NotEqual(Push("git/1", "x"), Push("git/1", "y"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0003")]
    [InlineData("0005")]
    [InlineData("00zz")]
    [InlineData("fff1")]
    [InlineData("0009done\n00")]
    [InlineData("garbage")]
    public void What_is_no_pkt_line_goes_by_its_bytes(string body) =>
        Assert.Equal(Digest.Of(Encoding.UTF8.GetBytes(body)), Meaning.Of(Meaning.Fetch, body));

    [Fact]
    public void Fetches_are_equal_when_their_sets_are()
    {
        var line = Meaning.Any($"want {A}", $"want {B}", $"have {A}", $"have {B}", "done", "deepen 1", "agent=x", "agent=y", "session-id=z");
        var lines = line.Array[0, 6];
        Gen.Select(lines, lines, Gen.Int).Sample((one, other, seed) =>
        {
            string[] stirred = [.. one, .. one.Take(1)];
            new Random(seed).Shuffle(stirred);
            var same = Said(one).SetEquals(Said(other));
            return Fetch([.. one, "-"]) == Fetch([.. stirred, "-"]) && (Fetch([.. one, "-"]) == Fetch([.. other, "-"])) == same;
        });
    }

    private static HashSet<string> Said(string[] lines) => [.. lines.Where(line => !line.StartsWith("agent", StringComparison.Ordinal) && !line.StartsWith("session", StringComparison.Ordinal))];

    private static Digest Fetch(params string[] lines) => Meaning.Of(Meaning.Fetch, Meaning.Pkt(lines));
}
