namespace Kache.Api;

/// <summary>The API's description, written by hand and carried in the program.</summary>
internal static class OpenApi
{
    public const string Resource = "Kache.Api.openapi.json";

    public static async Task WriteAsync(HttpContext context)
    {
        await using var document = Open();
        context.Response.ContentType = "application/json";
        await document.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    public static Stream Open() => typeof(OpenApi).Assembly.GetManifestResourceStream(Resource)
        ?? throw new InvalidOperationException($"{Resource} is missing from the program");
}
