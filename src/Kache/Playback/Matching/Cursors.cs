using System.Collections.Concurrent;

namespace Kache.Playback.Matching;

/// <summary>
/// How far a session has come in each sequence of answers. A place is taken when a head is sent and given
/// back when the client breaks off; after the last answer the last again. No I/O; thread safe.
/// </summary>
internal sealed class Cursors
{
    private readonly ConcurrentDictionary<ClassId, Cursor> _cursors = new();

    /// <summary>The next answer, taken.</summary>
    public Place Take(AnswerClass answers)
    {
        if (!answers.Differ) return new Place(answers.Answers[0], null, 0);
        var cursor = _cursors.GetOrAdd(answers.Id, static _ => new Cursor());
        var place = cursor.Take(answers.Answers.Length);
        return new Place(answers.Answers[place], cursor, place);
    }

    /// <summary>The next answer, left where it is: for HEAD, ranges and conditional requests.</summary>
    public RecordedAnswer Peek(AnswerClass answers) =>
        answers.Differ && _cursors.TryGetValue(answers.Id, out var cursor)
            ? answers.Answers[cursor.Peek(answers.Answers.Length)]
            : answers.Answers[0];

    /// <summary>Every sequence begins again.</summary>
    public void Rewind() => _cursors.Clear();
}

/// <summary>An answer's place in its sequence, as long as its response is under way.</summary>
internal readonly record struct Place(RecordedAnswer Answer, Cursor? Cursor, int Index)
{
    /// <summary>The client broke off: whoever asks next gets this answer.</summary>
    public void GiveBack() => Cursor?.GiveBack(Index);
}

/// <summary>The place in one sequence.</summary>
internal sealed class Cursor
{
    private readonly Lock _givingBack = new();
    private readonly SortedSet<int> _returned = [];
    private int _next;
    private volatile int _returnedCount;

    public int Take(int count)
    {
        // The lock is for after a break-off only.
        if (_returnedCount > 0 && TakeReturned() is { } place) return place;
        while (true)
        {
            var next = Volatile.Read(ref _next);
            if (next >= count) return count - 1;
            if (Interlocked.CompareExchange(ref _next, next + 1, next) == next) return next;
        }
    }

    public int Peek(int count)
    {
        if (_returnedCount > 0)
        {
            lock (_givingBack)
            {
                if (_returned.Count > 0) return _returned.Min;
            }
        }
        return Math.Min(Volatile.Read(ref _next), count - 1);
    }

    public void GiveBack(int place)
    {
        lock (_givingBack)
        {
            // The last answer is there for everybody who comes after it: the set holds it once.
            _returned.Add(place);
            _returnedCount = _returned.Count;
        }
    }

    private int? TakeReturned()
    {
        lock (_givingBack)
        {
            if (_returned.Count == 0) return null;
            var place = _returned.Min;
            _returned.Remove(place);
            _returnedCount = _returned.Count;
            return place;
        }
    }
}
