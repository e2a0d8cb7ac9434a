using System.Net.Http;
using Kache.Exchanges;
using Kache.Sessions;
using Kache.Upstream;
using Microsoft.AspNetCore.Http.Features;

namespace Kache.Recording;

/// <summary>
/// One request's way to its origin and back, kept as it passes.
/// <list type="number">
/// <item>The head has arrived: it gets its ordinal and its time.</item>
/// <item>The request goes to the origin, its body streamed and hashed.</item>
/// <item>The response's head is judged and goes to the client.</item>
/// <item>The body flows to the client and into the store, in one pass.</item>
/// <item>Body and exchange are in the journal before the client sees the end.</item>
/// <item>The client gets the end: a clean one, or the same break as came from the origin.</item>
/// </list>
/// </summary>
internal sealed class Passage : IAsyncDisposable
{
    // An origin may think for minutes (archives made on request); clients have shorter limits of their own.
    private static readonly TimeSpan LongestThought = TimeSpan.FromMinutes(10);

    // Well below the shortest limit that clients have for an answer's head (10 s, pip and npm in their retries).
    private static readonly TimeSpan LongestWaitForKept = TimeSpan.FromSeconds(5);

    private readonly HttpContext _context;
    private readonly RequestRoute _route;
    private readonly Keeper _keeper;
    private readonly ConnectionPools _pools;
    private readonly WholeFetches _wholes;
    private readonly UpstreamPool _pool;
    private readonly InterimAnswers _interim = new();
    private readonly ClientResponse _client;
    private readonly Linger _linger;
    private readonly KeptBody _keptRequest;
    private readonly RequestBody? _body;
    private readonly Fields _fields;
    private readonly ClientConditions? _withheld;
    private readonly string? _upgrade;
    private readonly CancellationToken _breakOff;
    private readonly long _ordinal;
    private readonly DateTimeOffset _started;
    private readonly long _startedTicks;
    private readonly string _url;
    private bool _hasIt;

    public Passage(HttpContext context, RequestRoute route, Keeper keeper, ConnectionPools pools, WholeFetches wholes, CancellationToken breakOff)
    {
        // 1
        _ordinal = keeper.Journal.NextOrdinal();
        _started = keeper.Now();
        _startedTicks = keeper.Clock.GetTimestamp();
        (_context, _route, _keeper, _pools, _wholes) = (context, route, keeper, pools, wholes);
        _pool = pools.For(context, route.Authority);
        _url = RouteText.Url(route);
        var asked = MessageFields.FromClient(context.Request.Headers);
        _withheld = ClientConditions.Of(context.Request.Method, asked) is { } conditions && !keeper.Wholes.Hold(route, asked.First("host"), conditions)
            ? conditions
            : null;
        _fields = _withheld is null ? asked : asked.Without(ClientConditions.IsOne);
        (_upgrade, _breakOff) = (Upgrade.AskedFor(context), breakOff);
        _client = new ClientResponse(context);
        _keptRequest = keeper.CreateBody();
        var hasBody = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? false;
        _body = hasBody ? new RequestBody(context.Request.Body, context.Request.ContentLength, _keptRequest) : null;
        _linger = new Linger(context.RequestAborted, breakOff, () => _body is null || _body.Finished, keeper.Clock);
    }

    public async Task RunAsync()
    {
        using var request = OriginRequest.Create(_context.Request, _route, _fields, _body);
        if (_upgrade is not null) Upgrade.AskOrigin(request, _upgrade);
        HttpResponseMessage response;
        try
        {
            // 2
            response = await SendAsync(request);
        }
        catch (OperationCanceledException) when (_linger.Stop.IsCancellationRequested)
        {
            await _keeper.GapAsync(GapKind.IncompleteBody, _url, _linger.WhyStopped);
            await _client.BreakAsync();
            return;
        }
        catch (Exception e) when (FailureReading.Read(e) is { } failure)
        {
            await FailAsync(failure);
            return;
        }
        using (response)
        {
            var fields = MessageFields.FromOrigin(response);
            if (_upgrade is not null && response.StatusCode == System.Net.HttpStatusCode.SwitchingProtocols) await SwitchAsync(response, fields);
            else if (ResponseFault(response, fields) is { } fault) await FailAsync(new UpstreamException(UpstreamFailure.ProtocolError, fault));
            else await AnswerAsync(request, response, fields);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _linger.Dispose();
        await _keptRequest.DisposeAsync();
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        using var thought = new CancellationTokenSource(LongestThought, _keeper.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_linger.Stop, thought.Token);
        try
        {
            return await _pool.SendAsync(request, _route.Authority, _interim, either.Token, _upgrade is not null);
        }
        catch (OperationCanceledException e) when (!_linger.Stop.IsCancellationRequested)
        {
            // What is left is the handler's limit for connecting, or ours for an answer.
            throw thought.IsCancellationRequested
                ? new UpstreamException(UpstreamFailure.ResponseTimeout, $"{_route.Authority} did not answer within {LongestThought.TotalMinutes:0} minutes.", e)
                : new UpstreamException(UpstreamFailure.ConnectionTimeout, $"{_route.Authority} did not accept the connection in time.", e);
        }
    }

    private async Task AnswerAsync(HttpRequestMessage request, HttpResponseMessage response, Fields fields)
    {
        // 3
        var plan = BodyPlan.Of(request.Method, response);
        var status = (int)response.StatusCode;
        _pools.Heed(_context, _route.Authority, status, fields);
        var piece = PieceSeen.Of(_context.Request.Method, status, _route, _fields, fields, _pool);
        await TellInterimAsync();
        _hasIt = _withheld?.AreMetBy(status, fields) == true;
        if (_hasIt) _client.SetHead(StatusCodes.Status304NotModified, "Not Modified", ClientConditions.NotModified(fields), length: null);
        else _client.SetHead(status, MessageFields.Reason(response), fields, plan.Fault is null ? plan.Length : null);
        await using var kept = _keeper.CreateBody();
        var tee = new Tee(await response.Content.ReadAsStreamAsync(CancellationToken.None), plan, _client, kept, _linger);
        try
        {
            // 4
            var end = plan.Framing == Framing.None ? default : await RunAsync(tee);
            // 5
            var trailers = MessageFields.Trailers(response);
            var recorded = new RecordedResponse(
                status, MessageFields.Reason(response), Versions.Of(response.Version), fields, plan.Framing, Body.Empty, trailers);
            await KeepAsync(recorded, kept, end.Fault is null ? ExchangeOutcome.Complete : ExchangeOutcome.Incomplete, end);
            // Begun before the client sees the end, so that whoever stops right after it waits for the whole.
            if (piece is not null) _wholes.Consider(piece);
            // 6
            if (end.Fault is null || _hasIt)
            {
                await tee.ReleaseAsync();
                await _client.CompleteAsync(_hasIt ? Fields.None : trailers);
            }
            else
            {
                await _client.BreakAsync();
            }
        }
        finally
        {
            tee.Return();
        }
    }

    /// <summary>
    /// The client that has it waits for the whole to be kept, as it would wait for the end of an answer; but only so long as no
    /// client gives up.
    /// </summary>
    private async Task<BodyEnd> RunAsync(Tee tee)
    {
        var ending = tee.RunAsync();
        if (!_hasIt) return await ending;
        try
        {
            return await ending.WaitAsync(LongestWaitForKept, _keeper.Clock);
        }
        catch (TimeoutException)
        {
            await _client.CompleteAsync(Fields.None);
            return await ending;
        }
    }

    private async ValueTask TellInterimAsync()
    {
        foreach (var status in _interim.Statuses)
        {
            // Kestrel sends 100 by itself, to a client that waits for it.
            if (status != StatusCodes.Status100Continue)
                await _keeper.GapAsync(GapKind.NotForwarded, _url, $"The origin's interim answer {status} was not passed on.");
        }
    }

    private async Task SwitchAsync(HttpResponseMessage response, Fields fields)
    {
        await _keeper.GapAsync(GapKind.Upgrade, _url, $"NOT RECORDED: it was switched to {_upgrade}, and its bytes were passed on unread.");
        _keeper.Answered(_started, _context.Request.Method, _url, StatusCodes.Status101SwitchingProtocols, 0, _keeper.Clock.GetElapsedTime(_startedTicks), "upgraded");
        await Upgrade.CarryAsync(_context, response, fields, _breakOff);
    }

    private async Task FailAsync(UpstreamException failure)
    {
        if (_body?.ClientBroke == true)
        {
            await _keeper.GapAsync(GapKind.IncompleteBody, _url, "The client broke off while it was sending its request.");
            await _client.BreakAsync();
            return;
        }
        var answer = OwnAnswer.Of(failure);
        var bytes = answer.Body;
        await using var kept = _keeper.CreateBody();
        var head = _context.Request.Method == "HEAD";
        if (!head) await kept.WriteAsync(bytes);
        var recorded = new RecordedResponse(
            answer.Status, answer.Reason, "1.1", answer.Fields(bytes.Length), head ? Framing.None : Framing.Length, Body.Empty, Fields.None);
        await KeepAsync(recorded, kept, ExchangeOutcome.Failed, new BodyEnd(head ? 0 : bytes.Length, failure.Message, answer.Token));
        if (!_client.IsGone) await answer.SendAsync(_context);
    }

    private async Task KeepAsync(RecordedResponse response, KeptBody kept, ExchangeOutcome outcome, BodyEnd end)
    {
        var took = _keeper.Clock.GetElapsedTime(_startedTicks);
        var requestBody = await RequestBodyAsync();
        var body = end.Received == 0 ? Body.Empty : await kept.CompleteAsync();
        if (body is null)
        {
            await _keeper.NotStoredAsync(_url, kept.Refused!);
        }
        else
        {
            var request = new RecordedRequest(
                _context.Request.Method, _route.Scheme, _route.Authority, _route.Target, Versions.Of(_context.Request.Protocol),
                _keeper.Veil.Cover(_fields), requestBody);
            var exchange = new Exchange(
                _ordinal, _started, took, request, response with { Body = body.Value }, outcome, end.Token,
                outcome == ExchangeOutcome.Failed || _route.Scheme == "http" ? null : _pool.ChainOf(_route.Authority), _withheld?.Names);
            if (await _keeper.KeepAsync(exchange, _url) && outcome == ExchangeOutcome.Complete && response.Status == 200 && request.Method == "GET")
                _keeper.Wholes.Add(_route, request.Fields.First("host"), response.Fields);
        }
        if (outcome == ExchangeOutcome.Incomplete) await _keeper.GapAsync(GapKind.IncompleteBody, _url, end.Fault!);
        var step = body is null ? "not-stored" : outcome switch
        {
            ExchangeOutcome.Complete => "recorded",
            ExchangeOutcome.Incomplete => "incomplete",
            _ => "failed",
        };
        _keeper.Answered(
            _started, _context.Request.Method, _url, _hasIt ? StatusCodes.Status304NotModified : response.Status, end.Received, took, _hasIt ? step + "+not-modified" : step);
    }

    private async ValueTask<Body> RequestBodyAsync()
    {
        if (_body is null || !_body.Begun) return Body.Empty;
        if (!_body.Finished)
        {
            // The origin has answered without reading on; so does Kache.
            await _keeper.GapAsync(GapKind.IncompleteBody, _url, "The origin answered before it had taken the whole request body.");
            _body.Abandon();
            await _body.Ended;
        }
        if (_context.Features.Get<IHttpRequestTrailersFeature>() is { Available: true, Trailers.Count: > 0 })
            await _keeper.GapAsync(GapKind.NotForwarded, _url, "The request's trailers were not passed on.");
        var body = await _body.TakeAsync();
        if (_keptRequest.Refused is { } why) await _keeper.NotStoredAsync(_url, why);
        return body;
    }

    private static string? ResponseFault(HttpResponseMessage response, Fields fields)
    {
        if (MessageFields.WithControlCharacter(fields) is { } name) return $"The origin's field '{name}' holds a control character.";
        if (response.StatusCode == System.Net.HttpStatusCode.SwitchingProtocols) return "The origin switched protocols, and nobody had asked it to.";
        return FieldValue.HasControl(MessageFields.Reason(response)) ? "The origin's reason phrase holds a control character." : null;
    }
}
