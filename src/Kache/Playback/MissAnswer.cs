using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kache.Exchanges;
using Kache.Playback.Matching;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kache.Playback;

/// <summary>What a client is told about a request that the recording cannot answer (BEHAVIOUR H21).</summary>
/// <param name="Error">One sentence; npm shows this field.</param>
/// <param name="Body">Digest of the request body; null when there was none.</param>
internal sealed record MissAnswer(
    string Error, string Recording, string Method, string Url, string? Host, string? Body, string Reason, IReadOnlyList<NearRequest> Closest)
{
    public const int Status = 424;
    public const string ReasonPhrase = "Not In Recording";

    // RFC 9209 §2.3.16: a 4xx that the proxy made on the origin's behalf.
    private const string ProxyStatus = "kache; error=http_request_error; details=\"not_in_recording\"";

    public static MissAnswer To(in AskedRequest asked, Digest recording, string reason, IReadOnlyList<NearRequest> closest) => new(
        $"Not in recording: {asked.Method} {asked.Url}: {reason}",
        recording.ToString(), asked.Method, asked.Url, asked.Key.Host, asked.Body == Digest.Empty ? null : asked.Body.ToString(), reason, closest);

    public async Task SendAsync(HttpContext context)
    {
        var json = WantsJson(context.Request.Headers.Accept.ToString());
        var body = json ? JsonSerializer.SerializeToUtf8Bytes(this, MissJson.Default.MissAnswer) : Encoding.UTF8.GetBytes(ToText());
        var response = context.Response;
        response.StatusCode = Status;
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = ReasonPhrase;
        response.Headers["proxy-status"] = ProxyStatus;
        response.Headers.CacheControl = "no-store";
        response.ContentType = json ? "application/json" : "text/plain; charset=utf-8";
        response.ContentLength = body.Length;
        if (context.Request.Method == "HEAD") return;
        await response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>For the report: the nearest request and what differs.</summary>
    public string? Nearest => Closest is [var near, ..] ? $"{near.Method} {near.Url} ({near.Difference})" : null;

    public string ToText()
    {
        var text = new StringBuilder($"kache: {Status} {ReasonPhrase}\n\n{Method} {Url}\n");
        if (Host is not null) text.Append($"with Host: {Host}\n");
        if (Body is not null) text.Append($"with a request body of digest {Body}\n");
        text.Append($"is not in the recording {Recording}: {Reason}.\n");
        if (Closest.Count > 0) text.Append("\nClosest recorded requests:\n");
        foreach (var near in Closest) text.Append($"  {near.Method} {near.Url}\n    {near.Difference}\n");
        return text.Append("\nThis answer is Kache's own. Playback asks nobody: to have this request answered, record again with it.\n").ToString();
    }

    // Only who names JSON and not text gets JSON: people read the other.
    private static bool WantsJson(string accept) =>
        accept.Contains("application/json", StringComparison.OrdinalIgnoreCase) && !accept.Contains("text/", StringComparison.OrdinalIgnoreCase);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MissAnswer))]
internal sealed partial class MissJson : JsonSerializerContext;
