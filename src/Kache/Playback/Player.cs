using Kache.Dns;
using Kache.Exchanges;
using Kache.Exchanges.Bodies;
using Kache.Playback.Matching;
using Kache.Sessions;
using Kache.Store;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Kache.Playback;

/// <summary>
/// Answers requests and names from one recording, for one session. It never dials: what the recording
/// does not hold is a miss, answered at once and told in the report.
/// </summary>
/// <remarks>
/// The journey of a request: 1 its body is hashed as it streams in · 2 <see cref="Finder"/> looks for what was recorded ·
/// 3 <see cref="Cursors"/> say which of several answers is next · 4 <see cref="Making"/> says what is to be made of it ·
/// 5 <see cref="AnswerWriter"/> streams it · 6 it is counted and listed.
/// </remarks>
internal sealed partial class Player : ISessionEngine
{
    // A body of this size leaves in one go; longer ones may last, and are broken off at the session's end.
    private const long QuickBody = 64 * 1024;

    private readonly SealedRecording _recording;
    private readonly SessionSetup _setup;
    private readonly TimeProvider _clock;
    private readonly ILogger<Player> _log;
    private readonly ConfiguredRules _rules;
    private readonly RecordingSurvey _survey;
    private readonly Finder _finder;
    private readonly MissTeller _teller;
    private readonly AnswerWriter _writer;
    private readonly KeptNames _names;
    private readonly Cursors _cursors = new();
    private readonly PlaybackTally _tally = new();
    private readonly RunningRequests _running = new();
    private readonly CancellationTokenSource _breakOff = new();

    /// <param name="recording">Owned from here on.</param>
    public Player(SealedRecording recording, SessionSetup setup, TimeProvider clock, ILogger<Player> log)
    {
        (_recording, _setup, _clock, _log) = (recording, setup, clock, log);
        _rules = new ConfiguredRules(setup.Options.Matching);
        _survey = new RecordingSurvey(recording, _rules);
        _finder = new Finder(recording, _survey, setup.Options.Faithful, _rules);
        _teller = new MissTeller(recording, _survey, clock);
        _writer = new AnswerWriter(recording);
        _names = new KeptNames(recording);
    }

    public SessionJournal? Journal => null;

    public async Task HandleAsync(HttpContext context, RequestRoute route)
    {
        if (!_running.TryEnter())
        {
            await EndedAnswer.SendAsync(context);
            return;
        }
        try
        {
            if (_setup.Options.IsIgnored(route.Authority.DialName)) await IgnoreAsync(context, route);
            else await AnswerAsync(context, route);
        }
        catch (Exception e) when (e is ConnectionResetException or OperationCanceledException)
        {
            // The client went away in the middle of its own request: nobody is left to be answered.
        }
        finally
        {
            _running.Leave();
        }
    }

    public Task TunnelAsync(ConnectionContext client, Authority destination, TunnelReason reason)
    {
        if (_setup.Options.IsIgnored(destination.DialName))
        {
            client.Abort(new ConnectionAbortedException($"{destination} is on the ignore list"));
            return Task.CompletedTask;
        }
        var why = reason == TunnelReason.Bypassed
            ? "a bypassed host is not recorded, and playback reaches nobody"
            : "it speaks neither TLS nor HTTP, so nothing of it is recorded";
        Missed("CONNECT", destination.ToString(), why, status: 0, bytes: 0, _clock.GetTimestamp());
        _tally.Answered(destination, 0);
        client.Abort(new ConnectionAbortedException($"{destination}: {why}"));
        return Task.CompletedTask;
    }

    public ValueTask<NameAnswer> LookUpAsync(string name, int type, CancellationToken cancellation) =>
        ValueTask.FromResult(_names.Answer(name, type));

    public SessionReport Report() => _tally.Report(_running.Count);

    public async Task DrainAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var idle = _running.CloseAsync();
        try
        {
            await idle.WaitAsync(limit, _clock, cancellation);
        }
        catch (TimeoutException)
        {
            await _breakOff.CancelAsync();
            await idle.WaitAsync(cancellation);
        }
    }

    /// <summary>Every sequence of answers begins again.</summary>
    public bool Rewind()
    {
        _cursors.Rewind();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _breakOff.CancelAsync();
        await _survey.DisposeAsync();
        _recording.Dispose();
        _breakOff.Dispose();
    }

    private async Task IgnoreAsync(HttpContext context, RequestRoute route)
    {
        List(context.Request.Method, AskedRequest.UrlOf(route.Scheme, route.Authority, route.Target), IgnoredHost.Status, 0, _clock.GetTimestamp(), IgnoredHost.Step);
        await IgnoredHost.SendAsync(context);
    }

    private async Task AnswerAsync(HttpContext context, RequestRoute route)
    {
        var started = _clock.GetTimestamp();
        var request = context.Request;
        var (body, byRules) = await ReadBodyAsync(context, _rules.For(route.Authority.DialName)?.BodyFields);
        var asked = new AskedRequest(
            request.Method, route.Scheme, route.Authority, request.Headers.Host, route.Target, body, new RequestFields(request.Headers)) { BodyByRules = byRules };
        if (AsksForUpgrade(context))
        {
            await MissAsync(context, asked, _teller.TellUpgrade(asked), started);
            return;
        }
        var found = await _finder.FindAsync(asked, context.RequestAborted);
        if (found.Answers is { } answers) await HitAsync(context, asked, answers, found.Step, started);
        else await MissAsync(context, asked, await _teller.TellAsync(asked, found.Rejected, context.RequestAborted), started);
    }

    private async ValueTask<(Digest Meaning, Digest? ByRules)> ReadBodyAsync(HttpContext context, IgnoredFields? ignored)
    {
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true) return (Digest.Empty, null);
        using var breaking = BreakOffAtEnd(context);
        return await RequestDigest.ReadAsync(context, ignored);
    }

    private async Task HitAsync(HttpContext context, AskedRequest asked, AnswerClass answers, MatchStep step, long started)
    {
        var place = Turns.Takes(asked, answers) ? _cursors.Take(answers) : new Place(_cursors.Peek(answers), null, 0);
        var making = Making.Of(place.Answer, asked);
        using var breaking = place.Answer.Exchange.Response.Body.Length > QuickBody ? BreakOffAtEnd(context) : default;
        var delivery = await _writer.SendAsync(context, place.Answer, making);
        if (delivery.BrokenOff) place.GiveBack();
        _tally.Answered(asked.Authority, delivery.Bytes);
        var url = asked.Url;
        if (delivery.As == MadeAs.Incomplete) TellIncomplete(url, place.Answer);
        if (delivery.As == MadeAs.Damaged) TellDamaged(asked.Method, url, delivery.Failure);
        List(asked.Method, url, making.StatusOf(place.Answer), delivery.Bytes, started, StepNames.Of(step, delivery.As, place.Answer.Joined is not null));
    }

    private async Task MissAsync(HttpContext context, AskedRequest asked, MissAnswer answer, long started)
    {
        // Counted first: a client that does not wait for its answer missed all the same.
        _tally.Answered(asked.Authority, 0);
        Missed(asked.Method, asked.Url, answer.Nearest ?? answer.Reason, MissAnswer.Status, 0, started);
        await answer.SendAsync(context);
    }

    private static bool AsksForUpgrade(HttpContext context)
    {
        if (context.Request.Method == "CONNECT" && context.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true) return true;
        if (context.Request.Headers.Upgrade.Count == 0 || context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest != true) return false;
        // An offer of h2c may be passed over, and is (BEHAVIOUR H19).
        return !context.Request.Headers.Upgrade.ToString().Trim().Equals("h2c", StringComparison.OrdinalIgnoreCase);
    }

    private CancellationTokenRegistration BreakOffAtEnd(HttpContext context) =>
        _breakOff.Token.UnsafeRegister(static state => ((HttpContext)state!).Abort(), context);

    private void List(string method, string url, int status, long bytes, long started, string step) =>
        _setup.Log.Add(new AnsweredRequest(_clock.GetUtcNow(), method, url, status, bytes, _clock.GetElapsedTime(started), step));

    private void Missed(string method, string url, string? closest, int status, long bytes, long started)
    {
        _tally.Missed(new Miss(_clock.GetUtcNow(), method, url, closest));
        List(method, url, status, bytes, started, StepNames.Miss);
    }

    private void TellIncomplete(string url, RecordedAnswer answer) => _tally.FoundGap(new Gap(
        _clock.GetUtcNow(), GapKind.IncompleteBody, url,
        $"The body ended early while it was recorded; its first {answer.Exchange.Response.Body.Length} bytes were sent and broken off."));

    private void TellDamaged(string method, string url, string? failure)
    {
        _tally.Missed(new Miss(_clock.GetUtcNow(), method, url, failure));
        LogDamaged(url, failure ?? "");
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The answer to {Url} was broken off: {Failure}")]
    private partial void LogDamaged(string url, string failure);
}
