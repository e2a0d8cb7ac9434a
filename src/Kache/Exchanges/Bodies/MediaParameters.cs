using System.Text;

namespace Kache.Exchanges.Bodies;

/// <summary>The parameters after the semicolons of a field's value (RFC 9110 §5.6.6). Names are compared without case. Pure.</summary>
internal static class MediaParameters
{
    /// <returns>The value with its quotes undone; null when it is not there.</returns>
    public static string? Find(string value, string name)
    {
        foreach (var (key, text) in Of(value))
            if (key == name) return text;
        return null;
    }

    /// <summary>The value in one form: what stands before the first semicolon in lower case, then the other parameters, sorted.</summary>
    public static string Without(string value, string name)
    {
        var end = value.IndexOf(';', StringComparison.Ordinal);
        var kept = Of(value).Where(parameter => parameter.Name != name).OrderBy(parameter => parameter.Name, StringComparer.Ordinal);
        var type = (end < 0 ? value : value[..end]).Trim().ToLowerInvariant();
        return string.Concat([type, .. kept.Select(parameter => $";{parameter.Name}={parameter.Value}")]);
    }

    private static List<Field> Of(string value)
    {
        var parameters = new List<Field>();
        var at = value.IndexOf(';', StringComparison.Ordinal);
        while (at >= 0 && at < value.Length)
        {
            var equals = value.IndexOf('=', at);
            if (equals < 0) break;
            var name = value[(at + 1)..equals].Trim(' ', '\t', ';').ToLowerInvariant();
            var start = equals + 1;
            if (start < value.Length && value[start] == '"')
            {
                parameters.Add(new Field(name, Unquoted(value, start, out at)));
                at = value.IndexOf(';', at);
                continue;
            }
            at = value.IndexOf(';', start);
            parameters.Add(new Field(name, (at < 0 ? value[start..] : value[start..at]).Trim()));
        }
        return parameters;
    }

    private static string Unquoted(string value, int open, out int after)
    {
        var text = new StringBuilder();
        var at = open + 1;
        for (; at < value.Length && value[at] != '"'; at++)
        {
            if (value[at] == '\\' && at + 1 < value.Length) at++;
            text.Append(value[at]);
        }
        after = Math.Min(at + 1, value.Length);
        return text.ToString();
    }
}
