namespace Kache.Recording;

/// <summary>HTTP versions as exchanges name them.</summary>
internal static class Versions
{
    public static string Of(Version version) => version switch
    {
        { Major: 1, Minor: 0 } => "1.0",
        { Major: 1 } => "1.1",
        _ => "2",
    };

    /// <param name="protocol">As Kestrel says it.</param>
    public static string Of(string protocol) => protocol switch
    {
        "HTTP/1.0" => "1.0",
        "HTTP/1.1" => "1.1",
        _ => "2",
    };
}
