using System.Collections.Immutable;
using Kache.Exchanges;

namespace Kache.Playback.Matching;

/// <summary>The answers that one kind of request gets, one after the other.</summary>
internal sealed class AnswerClass
{
    private AnswerClass? _settled;

    /// <param name="answers">In recorded order; at least one.</param>
    public AnswerClass(IReadOnlyList<RecordedAnswer> answers)
    {
        Answers = [.. answers];
        for (var i = 1; i < Answers.Length && !Differ; i++)
            Differ = !ReferenceEquals(Answers[i], Answers[0]) && !Answers[i].SaysTheSameAs(Answers[0]);
        if (Differ) Id = Identify(Answers);
    }

    public ImmutableArray<RecordedAnswer> Answers { get; }

    /// <summary>False: every answer is the same, and no request needs to know its place in the order (BEHAVIOUR H5).</summary>
    public bool Differ { get; }

    /// <summary>The same for the same answers, and for no others of the recording.</summary>
    public ClassId Id { get; }

    /// <summary>Every body of it broke off while it was recorded.</summary>
    public bool IsBroken => Answers.All(answer => answer.Exchange.Outcome == ExchangeOutcome.Incomplete);

    /// <summary>Without the transient failures that a success came after: they are no steps of their own (BEHAVIOUR H4).</summary>
    public AnswerClass Settled => _settled ??= Differ ? Settle() : this;

    private AnswerClass Settle()
    {
        var lastSuccess = Answers.Length - 1;
        while (lastSuccess >= 0 && !Answers[lastSuccess].IsSuccess) lastSuccess--;
        var kept = new List<RecordedAnswer>(Answers.Length);
        for (var i = 0; i < Answers.Length; i++)
            if (i > lastSuccess || !Answers[i].IsTransientFailure) kept.Add(Answers[i]);
        return kept.Count == Answers.Length ? this : new AnswerClass(kept);
    }

    private static ClassId Identify(ImmutableArray<RecordedAnswer> answers)
    {
        var hash = new System.IO.Hashing.XxHash3();
        foreach (var answer in answers) hash.Append(BitConverter.GetBytes(answer.Exchange.Ordinal));
        return new ClassId(answers[0].Exchange.Ordinal, hash.GetCurrentHashAsUInt64());
    }
}

/// <param name="First">Ordinal of the first answer, which is in one key only.</param>
/// <param name="Members">Hash over the ordinals of all.</param>
internal readonly record struct ClassId(long First, ulong Members);
