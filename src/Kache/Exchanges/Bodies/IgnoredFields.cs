using System.Collections.Frozen;

namespace Kache.Exchanges.Bodies;

/// <summary>
/// Fields of a body that say nothing: of a form by name, of JSON by the names that lead to the member, joined by dots
/// (<c>variables.sessionId</c>); arrays on the way are looked through.
/// </summary>
internal sealed class IgnoredFields(IEnumerable<string> names)
{
    public static readonly IgnoredFields None = new([]);

    private readonly FrozenSet<string> _names = names.ToFrozenSet(StringComparer.Ordinal);

    public bool IsEmpty => _names.Count == 0;

    public bool Contains(string name) => _names.Contains(name);
}
