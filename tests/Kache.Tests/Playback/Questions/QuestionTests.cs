using System.Text;
using Kache.Exchanges;
using Kache.Playback;
using Kache.Playback.Matching;
using Kache.Playback.Questions;
using Kache.Store;
using Kache.Tests.Playback.Matching;
using Kache.Tests.Store;
using Xunit;

namespace Kache.Tests.Playback.Questions;

/// <summary>What is asked about recordings, over a real store.</summary>
public sealed class QuestionTests : IAsyncLifetime
{
    private TemporaryStore _temporary = null!;
    private int _sessions;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _temporary = await TemporaryStore.OpenAsync();

    public ValueTask DisposeAsync() => _temporary.DisposeAsync();

    [Fact]
    [Trait("Row", "H21")]
    public async Task Why_names_the_step_and_the_answers_in_order()
    {
        using var recording = await RecordAsync(("/a", "one", ""), ("/a", "two", ""), ("/b?X-Amz-Signature=1", "three", ""));

        var twice = await Why.AskAsync(recording, Recorded.Asked(target: "/a"), false, ConfiguredRules.None, TimeProvider.System, Stop);
        Assert.Equal(("exact", 200, 2), (twice.Step, twice.Status, twice.Answers.Count));
        Assert.Equal([3L, 3L], twice.Answers.Select(answer => answer.Response.Body.Length));
        var piece = await Why.AskAsync(recording, Recorded.Asked("range: bytes=1-", target: "/a"), false, ConfiguredRules.None, TimeProvider.System, Stop);
        Assert.Equal(("exact+range", 206), (piece.Step, piece.Status));
        var head = await Why.AskAsync(recording, Recorded.Asked(method: "HEAD", target: "/a"), false, ConfiguredRules.None, TimeProvider.System, Stop);
        Assert.Equal("head-from-get", head.Step);
        var signed = await Why.AskAsync(recording, Recorded.Asked(target: "/b?X-Amz-Signature=2"), false, ConfiguredRules.None, TimeProvider.System, Stop);
        Assert.Equal("unsigned", signed.Step);
        var miss = await Why.AskAsync(recording, Recorded.Asked(target: "/a?v=1"), false, ConfiguredRules.None, TimeProvider.System, Stop);
        Assert.Equal(("miss", 424), (miss.Step, miss.Status));
        Assert.Equal("the query differs in v", Assert.Single(miss.Miss!.Closest.Take(1)).Difference);
    }

    [Fact]
    public async Task A_sound_recording_has_no_problems()
    {
        using var recording = await RecordAsync(("/a", "one", ""), ("/a", "two", ""), ("/a", "one", ""), ("/large", new string('x', 2_500_000), ""));

        var report = await Checkup.RunAsync(recording, Stop);
        Assert.Equal((4, 3, 2_500_006, 0), (report.Requests, report.Bodies, report.Bytes, report.ProblemCount));
    }

    [Fact]
    public async Task A_damaged_body_is_named()
    {
        using var recording = await RecordAsync(("/large", new string('x', 2_500_000), ""), ("/a", "one", ""));
        var digest = Digest.Of(Encoding.Latin1.GetBytes(new string('x', 2_500_000)));
        await using (var blob = new FileStream(_temporary.Paths.Blob(digest), FileMode.Open, FileAccess.Write))
        {
            blob.Position = 2_000_000;
            blob.WriteByte((byte)'y');
        }

        var problem = Assert.Single((await Checkup.RunAsync(recording, Stop)).Problems);
        Assert.Equal(("body", digest.ToString()), (problem.Kind, problem.What));
    }

    [Fact]
    public async Task A_blob_whose_sums_were_made_of_its_damage_is_named_all_the_same()
    {
        using var recording = await RecordAsync(("/large", new string('x', 2_500_000), ""));
        var digest = Digest.Of(Encoding.Latin1.GetBytes(new string('x', 2_500_000)));
        await File.WriteAllBytesAsync(_temporary.Paths.Blob(digest), Encoding.Latin1.GetBytes(new string('y', 2_500_000)), Stop);
        if (File.Exists(_temporary.Paths.SumsOf(digest))) File.Delete(_temporary.Paths.SumsOf(digest));

        Assert.Equal("body", Assert.Single((await Checkup.RunAsync(recording, Stop)).Problems).Kind);
    }

    [Fact]
    public async Task What_is_answered_otherwise_than_it_was_recorded_is_named()
    {
        // A piece does not move the sequence of its own answers on: the second one is never given.
        using var recording = await RecordAsync(("/a", "one", "range: bytes=0-2"), ("/a", "two", "range: bytes=0-2"));

        var problem = Assert.Single((await Checkup.RunAsync(recording, Stop)).Problems);
        Assert.Equal(("replay", "GET https://origin.test/a", "it is answered with another body"), (problem.Kind, problem.What, problem.Detail));
    }

    [Fact]
    public async Task Two_recordings_differ_in_what_was_added_gone_and_changed()
    {
        using var old = await RecordAsync(("/same", "s", ""), ("/gone", "g", ""), ("/changed", "one", ""), ("/signed?X-Amz-Signature=1", "x", ""), ("/twice", "t", ""));
        using var current = await RecordAsync(("/same", "s", ""), ("/added", "a", ""), ("/changed", "three", ""), ("/signed?X-Amz-Signature=2", "x", ""), ("/twice", "t", ""), ("/twice", "t", ""));

        var compared = await Comparison.RunAsync(old, current, Stop);
        string[] Paths(Func<Compared, bool> which) => [.. compared.Where(which).Select(each => each.Url)];
        Assert.Equal(["https://origin.test/added"], Paths(each => each.IsAdded));
        Assert.Equal(["https://origin.test/gone"], Paths(each => each.IsGone));
        Assert.Equal(["https://origin.test/changed"], Paths(each => each.IsChanged));
        Assert.Equal((3L, 5L), compared.Where(each => each.IsChanged).Select(each => (each.Was[0].Bytes, each.Is[0].Bytes)).Single());
        Assert.Equal(6, compared.Count);
    }

    private async Task<SealedRecording> RecordAsync(params (string Target, string Body, string Request)[] exchanges)
    {
        Digest digest;
        await using (var journal = await _temporary.Store.OpenJournalAsync($"s{++_sessions}", Stop))
        {
            foreach (var (target, body, request) in exchanges)
            {
                await journal.WriteAsync(Encoding.Latin1.GetBytes(body));
                await journal.AppendAsync(Recorded.Exchange(journal.NextOrdinal(), request, request.Length > 0 ? 206 : 200, target: target, body: body));
            }
            digest = await _temporary.Store.SealAsync(journal, Stop);
        }
        return await _temporary.Store.OpenRecordingAsync(digest, Stop);
    }
}
