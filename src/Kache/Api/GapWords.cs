using Kache.Exchanges;

namespace Kache.Api;

/// <summary>The stable words for kinds of gaps (docs/errors.md).</summary>
internal static class GapWords
{
    public static string Of(GapKind kind) => kind switch
    {
        GapKind.Tunnel => "tunnel",
        GapKind.Upgrade => "upgrade",
        GapKind.IncompleteBody => "incomplete_body",
        GapKind.NotStored => "not_stored",
        GapKind.NotForwarded => "not_forwarded",
        GapKind.BypassedName => "bypassed_name",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "a gap without a word"),
    };
}
