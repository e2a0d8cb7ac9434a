namespace Kache.Exchanges.Bodies;

/// <summary>The kinds of bodies whose meaning is known.</summary>
internal enum BodyForm
{
    /// <summary>Nothing is known: its bytes are its meaning.</summary>
    Bytes,

    /// <summary><c>application/json</c>, <c>text/json</c> and every type that ends in <c>+json</c>.</summary>
    Json,

    /// <summary><c>application/x-www-form-urlencoded</c>.</summary>
    Form,

    /// <summary><c>multipart/…</c> with a boundary.</summary>
    Multipart,

    /// <summary>git's smart protocol: fetches, and pushes.</summary>
    Git,
}

internal static class BodyForms
{
    public static BodyForm Of(string? contentType)
    {
        if (contentType is null) return BodyForm.Bytes;
        var end = contentType.IndexOf(';', StringComparison.Ordinal);
        var type = (end < 0 ? contentType : contentType[..end]).Trim().ToLowerInvariant();
        return type switch
        {
            "application/json" or "text/json" => BodyForm.Json,
            "application/x-www-form-urlencoded" => BodyForm.Form,
            "application/x-git-upload-pack-request" or "application/x-git-receive-pack-request" => BodyForm.Git,
            // RFC 6839 §3.1.
            _ when type.EndsWith("+json", StringComparison.Ordinal) => BodyForm.Json,
            _ when type.StartsWith("multipart/", StringComparison.Ordinal) => BodyForm.Multipart,
            _ => BodyForm.Bytes,
        };
    }
}
