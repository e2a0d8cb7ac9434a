using System.Text;

namespace Kache.Sandbox;

/// <summary>The command's environment: the caller's, byte for byte, with some variables changed.</summary>
internal sealed class CommandEnvironment(IEnumerable<byte[]> words)
{
    private readonly List<byte[]> _words = [.. words];

    /// <summary>NAME=VALUE each.</summary>
    public IReadOnlyList<byte[]> Words => _words;

    public string? Get(string name)
    {
        var at = Find(name);
        return at < 0 ? null : Encoding.UTF8.GetString(_words[at].AsSpan(name.Length + 1));
    }

    /// <summary>Null takes it away.</summary>
    public void Set(string name, string? value)
    {
        var at = Find(name);
        if (at >= 0) _words.RemoveAt(at);
        if (value is not null) _words.Add(Encoding.UTF8.GetBytes($"{name}={value}"));
    }

    private int Find(string name)
    {
        var prefix = Encoding.UTF8.GetBytes(name + "=");
        return _words.FindIndex(word => word.AsSpan().StartsWith(prefix));
    }
}
