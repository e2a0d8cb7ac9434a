using Kache.Api;
using Kache.Exchanges;
using Kache.Playback;
using Kache.Playback.Matching;
using Kache.Playback.Questions;
using Kache.Sessions;
using Kache.Store;

namespace Kache.Server;

/// <summary>Brings questions of the API to the code that plays back, and its answers into the API's words.</summary>
internal sealed class RecordingQuestions(IReadOnlyList<MatchingRule> rules, TimeProvider clock) : IRecordingQuestions
{
    public async Task<WhyInfo> WhyAsync(SealedRecording recording, WhyRequest request, CancellationToken cancellation)
    {
        var asked = Ask(request);
        var reason = await Why.AskAsync(recording, asked, request.Faithful, new ConfiguredRules(rules), clock, cancellation);
        return new WhyInfo(
            recording.Digest.ToString(), asked.Method, asked.Url, reason.Step, reason.Status, [.. reason.Answers.Select(Describe)],
            reason.Miss?.Reason, [.. (reason.Miss?.Closest ?? []).Select(near => new NearInfo(near.Method, near.Url, near.Difference))]);
    }

    public async Task<VerifyInfo> VerifyAsync(SealedRecording recording, CancellationToken cancellation)
    {
        var report = await Checkup.RunAsync(recording, cancellation);
        return new VerifyInfo(
            recording.Digest.ToString(), report.Requests, report.Bodies, report.Bytes, report.Incomplete, report.Failed,
            report.ProblemCount, [.. report.Problems.Select(problem => new ProblemInfo(problem.Kind, problem.What, problem.Detail))]);
    }

    public async Task<DiffInfo> DiffAsync(SealedRecording old, SealedRecording current, CancellationToken cancellation)
    {
        var compared = await Comparison.RunAsync(old, current, cancellation);
        var hosts = compared.GroupBy(each => each.Host, StringComparer.Ordinal).Select(host => new HostChanges(
            host.Key, host.Count(each => each.IsAdded), host.Count(each => each.IsGone), host.Count(each => each.IsChanged),
            host.Count(each => !each.IsAdded && !each.IsGone && !each.IsChanged)));
        var changes = compared.Where(each => each.IsAdded || each.IsGone || each.IsChanged).Select(each => new ChangeInfo(
            each.IsAdded ? "added" : each.IsGone ? "gone" : "changed", each.Host, each.Method, each.Url, [.. each.Was.Select(Describe)], [.. each.Is.Select(Describe)]));
        return new DiffInfo(old.Digest.ToString(), current.Digest.ToString(), [.. hosts], [.. changes]);
    }

    /// <summary>Takes what a person wrote; the target as it is.</summary>
    private static AskedRequest Ask(WhyRequest request)
    {
        if (!UrlText.TrySplit(request.Url, out var scheme, out var authority, out var target))
            throw new KacheException("invalid", $"'{request.Url}' is not a URL that a request can have. Write http://HOST/PATH or https://HOST/PATH.");
        var body = Digest.Empty;
        if (request.Body is not null && !Digest.TryParse(request.Body, out body))
            throw new KacheException("invalid", $"'{request.Body}' is not the digest of a body: sha256: and 64 hexadecimal digits.");
        var fields = new Fields([.. (request.Headers ?? []).Select(header => new Field(header.Name.ToLowerInvariant(), header.Value))]);
        return new AskedRequest(request.Method, scheme, authority, fields.First("host"), target, body, new RecordedFields(fields));
    }

    private static AnswerInfo Describe(Exchange exchange)
    {
        var (request, response) = (exchange.Request, exchange.Response);
        return new AnswerInfo(
            exchange.Started, request.Method, AskedRequest.UrlOf(request.Scheme, request.Authority, request.Target),
            response.Status, response.Fields.First("content-type"), response.Body.Length, response.Body.Digest.ToString(), Word(exchange.Outcome));
    }

    private static GivenInfo Describe(Given given) => new(given.Status, given.Body.ToString(), given.Bytes, Word(given.Outcome));

    private static string Word(ExchangeOutcome outcome) => outcome switch
    {
        ExchangeOutcome.Complete => "complete",
        ExchangeOutcome.Incomplete => "incomplete",
        _ => "failed",
    };
}
