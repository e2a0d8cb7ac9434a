namespace Kache.Api;

/// <summary>The HTTP status of a refusal, by its token (docs/errors.md).</summary>
internal static class ApiStatus
{
    public static int Of(string token) => token switch
    {
        "invalid" => StatusCodes.Status400BadRequest,
        "unauthorized" => StatusCodes.Status401Unauthorized,
        "not_allowed" => StatusCodes.Status403Forbidden,
        "unknown_reference" or "not_found" => StatusCodes.Status404NotFound,
        "conflict" or "address_taken" or "ambiguous_reference" or "mode_not_served" => StatusCodes.Status409Conflict,
        "no_server" => StatusCodes.Status503ServiceUnavailable,
        "store_full" => StatusCodes.Status507InsufficientStorage,
        _ => StatusCodes.Status500InternalServerError,
    };
}
