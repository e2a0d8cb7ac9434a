using Kache.Exchanges;

namespace Kache.Recording;

/// <summary>
/// What a client with a warm cache asks: the whole, unless it has it. A recording that holds nothing but the 304 plays back to
/// no other client, so the origin is asked without (BEHAVIOUR H7). Pure.
/// </summary>
internal sealed record ClientConditions(string? IfNoneMatch, string? IfModifiedSince)
{
    /// <returns>Null for a request without any, and for other methods: there they guard against lost updates.</returns>
    public static ClientConditions? Of(string method, Fields fields)
    {
        if (method is not ("GET" or "HEAD")) return null;
        var (tags, date) = (fields.Combined("if-none-match"), fields.Combined("if-modified-since"));
        return tags is null && date is null ? null : new ClientConditions(tags, date);
    }

    /// <summary>Names of the fields, as the exchange notes them.</summary>
    public IReadOnlyList<string> Names => (IfNoneMatch, IfModifiedSince) switch
    {
        (not null, not null) => ["if-none-match", "if-modified-since"],
        (not null, null) => ["if-none-match"],
        _ => ["if-modified-since"],
    };

    public static bool IsOne(string name) => name is "if-none-match" or "if-modified-since";

    /// <summary>The client has the answer already.</summary>
    public bool AreMetBy(int status, Fields answer) =>
        status is 200 or 206 && Validators.AreCurrent(IfNoneMatch, IfModifiedSince, answer);

    /// <summary>RFC 9110 §15.4.5: what describes content goes; the rest is as the origin said it.</summary>
    public static Fields NotModified(Fields answer) =>
        answer.Without(name => name.StartsWith("content-", StringComparison.Ordinal) && name is not ("content-location" or "content-security-policy"));
}
