using Kache.Playback.Matching;
using Microsoft.AspNetCore.Http;

namespace Kache.Playback;

/// <summary>The fields of a request as Kestrel holds them.</summary>
internal sealed class RequestFields(IHeaderDictionary headers) : IAskedFields
{
    public string? Combined(string name)
    {
        var values = headers[name];
        // Recorded requests are joined in the same way, so equal lines stay equal.
        return values.Count switch
        {
            0 => null,
            1 => values[0] ?? "",
            _ => string.Join(", ", values.ToArray()),
        };
    }
}
