using System.Net;
using System.Security.Cryptography;
using Kache.Dns.Messages;

namespace Kache.Upstream.Resolving;

/// <summary>What came of a question: a message that settles it, or why there is none.</summary>
/// <param name="Message">NOERROR or NXDOMAIN; null when no resolver settled it.</param>
/// <param name="Reason">One sentence, when there is no message.</param>
internal sealed record StubAnswer(byte[]? Message, string Reason, bool TimedOut)
{
    public ResponseCode Code => DnsHeader.TryRead(Message, out var header) ? header.Code : ResponseCode.ServerFailure;
}

/// <summary>
/// Asks the resolvers in their order: the next one when one fails, and beside it when one is slow. The first that
/// settles the question is believed.
/// </summary>
internal sealed class StubResolver(UpstreamResolvers resolvers, TimeProvider clock)
{
    // A resolver on its way to the root takes some hundred ms; after this there is time for two more of the 2 s.
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(600);

    public async Task<StubAnswer> AskAsync(string name, int type, CancellationToken cancellation)
    {
        var query = UpstreamMessage.Query(0, name, type);
        if (query is null) return new StubAnswer(null, $"'{name}' is no name that could be asked for.", TimedOut: false);
        using var limit = new CancellationTokenSource(OutgoingSockets.QueryLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            var list = await resolvers.ListAsync(either.Token);
            var answers = await Race.RunAsync(
                list, (resolver, token) => AskOneAsync(resolver, query, token),
                answer => answer.Message is not null, static _ => { }, HeadStart, clock, either.Token);
            return answers.Count > 0 ? answers[^1] : new StubAnswer(null, "There is no resolver to ask.", TimedOut: false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new StubAnswer(null, $"No resolver answered within {OutgoingSockets.QueryLimit.TotalSeconds:0} s.", TimedOut: true);
        }
    }

    private async Task<StubAnswer> AskOneAsync(IPEndPoint resolver, byte[] question, CancellationToken cancellation)
    {
        // Unguessable, and another one for each: who cannot see the query cannot answer it (RFC 5452 §9.2).
        var query = (byte[])question.Clone();
        RandomNumberGenerator.Fill(query.AsSpan(0, 2));
        try
        {
            var message = await resolvers.AskAsync(resolver, query, cancellation);
            DnsHeader.TryRead(message, out var header);
            return header.Code is ResponseCode.NoError or ResponseCode.NoSuchName
                ? new StubAnswer(message, "", TimedOut: false)
                : new StubAnswer(null, $"The resolver {resolver} said {Word(header.Code)}.", TimedOut: false);
        }
        catch (UpstreamException e)
        {
            return new StubAnswer(null, e.Message, e.Failure == UpstreamFailure.DnsTimeout);
        }
    }

    private static string Word(ResponseCode code) => code switch
    {
        ResponseCode.FormatError => "FORMERR",
        ResponseCode.ServerFailure => "SERVFAIL",
        ResponseCode.NotImplemented => "NOTIMP",
        ResponseCode.Refused => "REFUSED",
        _ => $"RCODE {(int)code}",
    };
}
