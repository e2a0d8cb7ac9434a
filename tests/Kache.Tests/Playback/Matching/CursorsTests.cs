using CsCheck;
using Kache.Playback.Matching;
using Xunit;

namespace Kache.Tests.Playback.Matching;

[Trait("Row", "H4")]
public sealed class CursorsTests
{
    private readonly Cursors _cursors = new();

    [Fact]
    public void Answers_come_in_recorded_order_and_the_last_one_stays()
    {
        var answers = Differing(3);
        Assert.Equal(["0", "1", "2", "2", "2"], Enumerable.Range(0, 5).Select(_ => Name(_cursors.Take(answers).Answer)));
    }

    [Fact]
    public void A_look_moves_nothing()
    {
        var answers = Differing(2);
        Assert.Equal("0", Name(_cursors.Peek(answers)));
        _cursors.Take(answers);
        Assert.Equal("1", Name(_cursors.Peek(answers)));
        Assert.Equal("1", Name(_cursors.Peek(answers)));
        Assert.Equal("1", Name(_cursors.Take(answers).Answer));
    }

    [Fact]
    public void What_a_client_broke_off_is_given_to_the_next()
    {
        var answers = Differing(4);
        var (first, second) = (_cursors.Take(answers), _cursors.Take(answers));
        second.GiveBack();
        first.GiveBack();
        Assert.Equal("0", Name(_cursors.Peek(answers)));
        Assert.Equal(["0", "1", "2", "3", "3"], Enumerable.Range(0, 5).Select(_ => Name(_cursors.Take(answers).Answer)));
    }

    [Fact]
    public void The_last_answer_given_back_is_still_the_last()
    {
        var answers = Differing(2);
        _cursors.Take(answers);
        _cursors.Take(answers).GiveBack();
        Assert.Equal(["1", "1"], Enumerable.Range(0, 2).Select(_ => Name(_cursors.Take(answers).Answer)));
    }

    [Fact]
    public void Rewound_everything_begins_again()
    {
        var answers = Differing(2);
        _cursors.Take(answers);
        _cursors.Rewind();
        Assert.Equal("0", Name(_cursors.Take(answers).Answer));
    }

    [Fact]
    [Trait("Row", "H5")]
    public void Answers_that_are_all_the_same_have_no_order()
    {
        var answers = new AnswerClass([Recorded.Answer(body: "x", response: "date: one", ordinal: 0), Recorded.Answer(body: "x", response: "date: two", ordinal: 1)]);
        Assert.False(answers.Differ);
        Assert.Null(_cursors.Take(answers).Cursor);
    }

    [Fact]
    public void Two_sequences_do_not_move_each_other()
    {
        var (one, other) = (Differing(2), Differing(2, from: 10));
        _cursors.Take(one);
        Assert.Equal("10", Name(_cursors.Take(other).Answer));
    }

    [Fact]
    public void A_cursor_does_what_a_list_does()
    {
        // True takes; false gives back what was taken first of what is still out.
        Gen.Select(Gen.Int[1, 5], Gen.Bool.Array[0, 20]).Sample((count, steps) =>
        {
            var cursor = new Cursor();
            var (next, returned, out_) = (0, new SortedSet<int>(), new Queue<int>());
            foreach (var take in steps)
            {
                var expected = returned.Count > 0 ? returned.Min : Math.Min(next, count - 1);
                if (cursor.Peek(count) != expected) return false;
                if (take)
                {
                    if (cursor.Take(count) != expected) return false;
                    if (!returned.Remove(expected)) next = Math.Min(next + 1, count);
                    out_.Enqueue(expected);
                }
                else if (out_.TryDequeue(out var place))
                {
                    cursor.GiveBack(place);
                    returned.Add(place);
                }
            }
            return true;
        });
    }

    [Fact]
    public async Task Many_at_once_get_each_answer_once_before_the_last_repeats()
    {
        const int Count = 200;
        var cursor = new Cursor();
        var taken = await Task.WhenAll(Enumerable.Range(0, Count).Select(_ => Task.Run(() => cursor.Take(Count))));
        Assert.Equal(Enumerable.Range(0, Count), taken.Order());
    }

    private static AnswerClass Differing(int count, int from = 0) =>
        new([.. Enumerable.Range(from, count).Select(i => Recorded.Answer(body: $"{i}", ordinal: i))]);

    private static string Name(RecordedAnswer answer) => $"{answer.Exchange.Ordinal}";
}
