using System.Collections.Immutable;
using System.Globalization;
using Kache.Exchanges;
using Kache.Playback.Matching;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Kache.Playback;

/// <summary>A response's head, ready to be handed to Kestrel: every value apart and in order, as it was recorded.</summary>
internal sealed class ResponseHead
{
    // Kestrel adds a Date of its own where there is none; one line without a value is a line that HTTP/1.1 does not write.
    private static readonly StringValues NoLine = new([null]);

    private readonly int _status;
    private readonly string _reason;
    private readonly KeyValuePair<string, StringValues>[] _lines;
    private readonly DateTimeOffset? _dateless;

    private ResponseHead(int status, string reason, IEnumerable<Field> fields, long? length, DateTimeOffset received)
    {
        _status = status;
        _reason = reason;
        _lines = Group(fields);
        Length = length;
        if (!_lines.Any(line => line.Key == "date")) _dateless = received;
    }

    /// <summary>Content-Length; null for none.</summary>
    public long? Length { get; }

    /// <summary>As recorded. Made once for an answer.</summary>
    public static ResponseHead Of(RecordedAnswer answer)
    {
        if (answer.Prepared is ResponseHead prepared) return prepared;
        var (exchange, response) = (answer.Exchange, answer.Exchange.Response);
        var head = new ResponseHead(response.Status, response.Reason, Passing(response.Fields), LengthOf(exchange), exchange.Started);
        answer.Prepared = head;
        return head;
    }

    /// <summary>As recorded, but without its content coding (BEHAVIOUR H9): another representation, of unknown length.</summary>
    public static ResponseHead Decoded(RecordedAnswer answer)
    {
        var response = answer.Exchange.Response;
        var fields = Passing(response.Fields).Where(field => !DependsOnCoding(field.Name)).Select(Weak);
        return new ResponseHead(response.Status, response.Reason, fields, length: null, answer.Exchange.Started);
    }

    /// <summary>304 to a request whose validator holds (RFC 9110 §15.4.5): the fields that do not describe content.</summary>
    public static ResponseHead NotModified(RecordedAnswer answer, bool decoded)
    {
        var fields = Passing(answer.Exchange.Response.Fields)
            .Where(field => !DescribesContent(field.Name) || field.Name == "content-location");
        return new ResponseHead(304, "Not Modified", decoded ? fields.Select(Weak) : fields, length: null, answer.Exchange.Started);
    }

    /// <summary>206 with one part.</summary>
    public static ResponseHead Partial(RecordedAnswer answer, ByteRange range)
    {
        var length = answer.Exchange.Response.Body.Length;
        var fields = Passing(answer.Exchange.Response.Fields).Where(field => !DependsOnPart(field.Name))
            .Append(new Field("content-range", string.Create(CultureInfo.InvariantCulture, $"bytes {range}/{length}")));
        return new ResponseHead(206, "Partial Content", fields, range.Length, answer.Exchange.Started);
    }

    /// <summary>206 with several parts.</summary>
    public static ResponseHead Multipart(RecordedAnswer answer, string contentType, long length)
    {
        var fields = Passing(answer.Exchange.Response.Fields).Where(field => !DependsOnPart(field.Name) && field.Name != "content-type")
            .Append(new Field("content-type", contentType));
        return new ResponseHead(206, "Partial Content", fields, length, answer.Exchange.Started);
    }

    /// <summary>416: no part of what was asked for is there (RFC 9110 §15.5.17).</summary>
    public static ResponseHead NotSatisfiable(RecordedAnswer answer)
    {
        var length = answer.Exchange.Response.Body.Length;
        var fields = Passing(answer.Exchange.Response.Fields).Where(field => !DescribesContent(field.Name))
            .Append(new Field("content-range", string.Create(CultureInfo.InvariantCulture, $"bytes */{length}")));
        return new ResponseHead(416, "Range Not Satisfiable", fields, length: 0, answer.Exchange.Started);
    }

    public void WriteTo(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = _status;
        // Left alone when empty, so that HTTP/1.1 clients of an h2 origin see the usual words.
        if (_reason.Length > 0) context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = _reason;
        var headers = response.Headers;
        foreach (var (name, values) in _lines) headers[name] = values;
        // RFC 9110 §8.6: a 204 carries no Content-Length.
        if (_status is not (204 or 205)) headers.ContentLength = Length;
        if (_dateless is { } received) SetDate(context, received);
    }

    public static bool HasBody(int status) => status is not (204 or 205 or 304);

    // Over h2 an empty line would be sent. RFC 9110 §6.6.1 lets whoever passes a message on say when it was received.
    private static void SetDate(HttpContext context, DateTimeOffset received) =>
        context.Response.Headers.Date = HttpProtocol.IsHttp2(context.Request.Protocol)
            ? received.ToString("r", CultureInfo.InvariantCulture)
            : NoLine;

    private static long? LengthOf(Exchange exchange)
    {
        var response = exchange.Response;
        if (response.Framing is Framing.Chunked or Framing.Close) return null;
        // Complete and with a body, its length is known; otherwise the field says what would have come.
        if (response.Framing == Framing.Length && exchange.Outcome != ExchangeOutcome.Incomplete) return response.Body.Length;
        return long.TryParse(response.Fields.First("content-length"), NumberStyles.None, CultureInfo.InvariantCulture, out var said) ? said : null;
    }

    /// <summary>What goes to the client at all. The length is set apart.</summary>
    private static IEnumerable<Field> Passing(Fields fields)
    {
        var hops = HopByHop.Of([]);
        foreach (var field in fields)
        {
            // BEHAVIOUR N8: kept, but the client must not be led away from the proxy.
            if (field.Name is "content-length" or "alt-svc" || hops.Includes(field.Name) || !IsToken(field.Name)) continue;
            yield return field with { Value = FieldValue.Sendable(field.Value) };
        }
    }

    /// <summary>Fields that are true of the encoded bytes only.</summary>
    private static bool DependsOnCoding(string name) =>
        name is "content-encoding" or "accept-ranges" || IsDigest(name) || name is "repr-digest" or "digest";

    /// <summary>Fields that are true of the whole body only, not of a part.</summary>
    private static bool DependsOnPart(string name) => name == "content-range" || IsDigest(name);

    private static bool DescribesContent(string name) =>
        name.StartsWith("content-", StringComparison.Ordinal) && name is not ("content-security-policy" or "content-security-policy-report-only");

    private static bool IsDigest(string name) => name is "content-digest" or "content-md5";

    // The bytes are others now, the meaning is not (RFC 9110 §8.8.1).
    private static Field Weak(Field field) =>
        field.Name == "etag" && !field.Value.StartsWith("W/", StringComparison.Ordinal) ? field with { Value = "W/" + field.Value } : field;

    private static KeyValuePair<string, StringValues>[] Group(IEnumerable<Field> fields) =>
        [.. fields.GroupBy(field => field.Name, field => field.Value, StringComparer.Ordinal)
            .Select(line => KeyValuePair.Create(line.Key, new StringValues([.. line])))];

    private static bool IsToken(string name) =>
        name.Length > 0 && !name.AsSpan().ContainsAnyExcept("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}
