using Kache.Exchanges;

namespace Kache.Playback.Matching;

/// <summary>The fields of a request that is to be answered, wherever they are kept.</summary>
internal interface IAskedFields
{
    /// <summary>All lines of the field joined with a comma, or null when absent. <paramref name="name"/> in lower case.</summary>
    string? Combined(string name);
}

/// <summary>The head of a request that is to be answered, and the digest of its body.</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Authority">What would be dialled.</param>
/// <param name="Host">What the client wrote as Host or :authority.</param>
/// <param name="Target">As received, origin form.</param>
internal readonly record struct AskedRequest(
    string Method, string Scheme, Authority Authority, string? Host, string Target, Digest Body, IAskedFields Fields)
{
    /// <summary>Digest of the body without the fields that the configuration ignores; null where it ignores none.</summary>
    public Digest? BodyByRules { get; init; }

    public bool IsHead => Method == "HEAD";

    public ExchangeKey Key => ExchangeKey.Of(Method, Scheme, Authority, SaysTheSame(Host) ? null : Host, Target, Body);

    /// <summary>For people: the default port is left out.</summary>
    public string Url => UrlOf(Scheme, Authority, Target);

    public static string UrlOf(string scheme, Authority authority, string target) =>
        authority.Port == DefaultPort(scheme) ? $"{scheme}://{authority.Host}{target}" : $"{scheme}://{authority}{target}";

    private static int DefaultPort(string scheme) => scheme == "https" ? 443 : 80;

    // Nearly every request; spares the key a parse.
    private bool SaysTheSame(string? host) => host == Authority.Host && Authority.Port == DefaultPort(Scheme);
}

/// <summary>The fields of a recorded request, asked again.</summary>
internal sealed class RecordedFields(Fields fields) : IAskedFields
{
    public string? Combined(string name) => fields.Combined(name);
}
