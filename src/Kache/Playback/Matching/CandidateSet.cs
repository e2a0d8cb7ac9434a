using Kache.Exchanges;

namespace Kache.Playback.Matching;

/// <summary>Recorded requests of one key that said the same wherever it may matter: one sequence of answers.</summary>
internal sealed class RequestGroup(string?[] values)
{
    public string?[] Values { get; } = values;

    public List<RecordedAnswer> Answers { get; } = [];
}

/// <summary>All that was recorded under one key, in recorded order, grouped by what the requests negotiated.</summary>
internal sealed class CandidateSet
{
    public static readonly CandidateSet None = new(Array.Empty<Exchange>());

    private readonly List<RequestGroup> _groups = [];
    private readonly Lazy<IReadOnlyList<RecordedAnswer>> _joined;

    /// <param name="exchanges">In recorded order.</param>
    public CandidateSet(IEnumerable<Exchange> exchanges)
        : this(exchanges.Select(exchange => new RecordedAnswer(exchange)))
    {
    }

    private CandidateSet(IEnumerable<RecordedAnswer> recorded)
    {
        var answers = new List<RecordedAnswer>();
        foreach (var each in recorded)
        {
            var answer = each;
            // A poll repeats itself: what says the same to the same request is kept once, at each of its places.
            if (answers is [.., var last] && answer.Repeats(last)) answer = last;
            Fields.Add(answer.Vary);
            answers.Add(answer);
        }
        foreach (var answer in answers) Place(answer);
        Count = answers.Count;
        _joined = new Lazy<IReadOnlyList<RecordedAnswer>>(() => Joining.Of(answers.Distinct()));
        if (_groups is [var only] && only.Answers.TrueForAll(SuitsEveryRequest)) Unnegotiated = new AnswerClass(only.Answers);
    }

    public int Count { get; }

    public IReadOnlyList<RequestGroup> Groups => _groups;

    public NegotiatedFields Fields { get; } = new();

    /// <summary>The answers, when nothing that a request can say chooses among them: the usual case, settled ahead.</summary>
    public AnswerClass? Unnegotiated { get; }

    /// <summary>What can be put together from pieces for this request; null when there is nothing.</summary>
    public CandidateSet? JoinedFor(AskedRequest asked)
    {
        var sufficient = _joined.Value.Where(joined => Joining.Suffices(joined, asked)).ToList();
        return sufficient.Count == 0 ? null : new CandidateSet(sufficient);
    }

    private void Place(RecordedAnswer answer)
    {
        var values = Fields.ValuesIn(new RecordedFields(answer.Exchange.Request.Fields));
        var group = _groups.Find(known => known.Values.AsSpan().SequenceEqual(values));
        if (group is null) _groups.Add(group = new RequestGroup(values));
        group.Answers.Add(answer);
    }

    private bool SuitsEveryRequest(RecordedAnswer answer) =>
        answer.Codings is null
        && answer.Status is not (206 or 304 or 406 or 416)
        && answer.Vary.All(name => NegotiatedFields.OnlyRanks(Fields.IndexOf(name)) || name == "accept-encoding");
}
