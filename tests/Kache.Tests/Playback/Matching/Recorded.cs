using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Kache.Exchanges;
using Kache.Playback.Matching;

namespace Kache.Tests.Playback.Matching;

/// <summary>Exchanges and requests in few words. Fields are written as in a message, a line each: <c>accept: text/html</c>.</summary>
internal static class Recorded
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 5, 12, 0, 0, TimeSpan.Zero);

    public static readonly Authority Origin = new("origin.test", 443);

    public static Exchange Exchange(
        long ordinal, string request = "", int status = 200, string response = "", string body = "", string target = "/a", string method = "GET",
        ExchangeOutcome outcome = ExchangeOutcome.Complete, Framing framing = Framing.Length, Digest? requestBody = null, string scheme = "https")
    {
        var bytes = Encoding.Latin1.GetBytes(body);
        var sent = new Body(requestBody ?? Digest.Empty, requestBody is null ? 0 : 1);
        return new Exchange(
            ordinal, Noon.AddSeconds(ordinal), TimeSpan.FromMilliseconds(3),
            new RecordedRequest(method, scheme, Origin, target, "1.1", Fields(request), sent),
            new RecordedResponse(status, "", "1.1", Fields(response), framing, bytes.Length == 0 ? Body.Empty : new Body(Digest.Of(bytes), bytes.Length), Kache.Exchanges.Fields.None),
            outcome, outcome == ExchangeOutcome.Complete ? null : "http_response_incomplete");
    }

    public static RecordedAnswer Answer(
        string response = "", string body = "", int status = 200, string request = "", ExchangeOutcome outcome = ExchangeOutcome.Complete, long ordinal = 0) =>
        new(Exchange(ordinal, request, status, response, body, outcome: outcome));

    public static AskedRequest Asked(string fields = "", string method = "GET", string target = "/a", Digest? body = null) => new(
        method, "https", Origin, "origin.test", target, body ?? Digest.Empty, new RecordedFields(Fields(fields)));

    public static Fields Fields(string lines) => new([.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Field)]);

    private static Field Field(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return new Field(line[..colon].ToLower(CultureInfo.InvariantCulture), line[(colon + 1)..].Trim());
    }
}
