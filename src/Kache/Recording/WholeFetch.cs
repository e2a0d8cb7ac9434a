using System.Buffers;
using System.Net.Http;
using Kache.Exchanges;
using Kache.Upstream;

namespace Kache.Recording;

/// <summary>One request for a whole, with the credentials of the client that asked for a piece of it, kept like any other exchange.</summary>
internal static class WholeFetch
{
    private const int BufferSize = 64 * 1024;

    /// <param name="limit">Longest body that is wanted.</param>
    public static async Task RunAsync(PieceSeen piece, long limit, Keeper keeper, CancellationToken breakOff)
    {
        var (ordinal, started, ticks) = (keeper.Journal.NextOrdinal(), keeper.Now(), keeper.Clock.GetTimestamp());
        using var request = OriginRequest.Create("GET", piece.Route, piece.AskedForWhole, body: null);
        using var response = await piece.Pool.SendAsync(request, piece.Route.Authority, new InterimAnswers(), breakOff);
        var plan = BodyPlan.Of(HttpMethod.Get, response);
        var fields = MessageFields.FromOrigin(response);
        var url = RouteText.Url(piece.Route);
        if ((int)response.StatusCode != StatusCodes.Status200OK || plan.Fault is not null || plan.Length > limit || MessageFields.WithControlCharacter(fields) is not null)
        {
            keeper.TellNoWhole(url, $"The origin answered {(int)response.StatusCode}, and that is not a whole of up to {limit} bytes.");
            return;
        }
        await using var kept = keeper.CreateBody();
        var received = await CopyAsync(response, kept, limit, breakOff);
        if (plan.Length is { } promised && promised != received || received > limit || await kept.CompleteAsync() is not { } body)
        {
            keeper.TellNoWhole(url, "It did not come whole, or could not be kept.");
            return;
        }
        var asked = new RecordedRequest(
            "GET", piece.Route.Scheme, piece.Route.Authority, piece.Route.Target, Versions.Of(response.Version), keeper.Veil.Cover(piece.AskedForWhole), Body.Empty);
        var answer = new RecordedResponse(
            200, MessageFields.Reason(response), Versions.Of(response.Version), fields, plan.Framing, body, MessageFields.Trailers(response));
        var took = keeper.Clock.GetElapsedTime(ticks);
        var chain = piece.Route.Scheme == "http" ? null : piece.Pool.ChainOf(piece.Route.Authority);
        if (!await keeper.KeepAsync(new Exchange(ordinal, started, took, asked, answer, ExchangeOutcome.Complete, null, chain, piece.Withheld), url)) return;
        keeper.Wholes.Add(piece.Route, asked.Fields.First("host"), fields);
        keeper.Answered(started, "GET", url, 200, received, took, "fetched-whole");
    }

    /// <returns>Bytes received; more than the limit when there was more.</returns>
    private static async Task<long> CopyAsync(HttpResponseMessage response, KeptBody kept, long limit, CancellationToken breakOff)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await using var origin = await response.Content.ReadAsStreamAsync(breakOff);
            var received = 0L;
            while (received <= limit && await origin.ReadAsync(buffer, breakOff) is > 0 and var read)
            {
                received += read;
                await kept.WriteAsync(buffer.AsMemory(0, read));
            }
            return received;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
