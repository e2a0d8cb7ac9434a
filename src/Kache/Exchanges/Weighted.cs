using System.Globalization;

namespace Kache.Exchanges;

/// <summary>One item of an Accept field: a name, its parameters left out, and its weight (RFC 9110 §12.4.2).</summary>
internal readonly record struct Weighted(string Name, double Weight)
{
    public static Weighted Parse(string item)
    {
        var semicolon = item.IndexOf(';', StringComparison.Ordinal);
        if (semicolon < 0) return new Weighted(item.Trim(), 1);
        var weight = 1.0;
        foreach (var parameter in item[(semicolon + 1)..].Split(';', StringSplitOptions.TrimEntries))
        {
            if (parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase)
                && double.TryParse(parameter.AsSpan(2), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var q)) weight = q;
        }
        return new Weighted(item[..semicolon].Trim(), weight);
    }
}
