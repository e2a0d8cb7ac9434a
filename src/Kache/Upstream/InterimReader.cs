namespace Kache.Upstream;

/// <summary>
/// Reads the heads of 1xx answers out of what an HTTP/1.1 origin sends, up to the first final one; after that it looks
/// at nothing until the next request begins. Holds the first bytes of a status line and no more. Pure.
/// </summary>
internal sealed class InterimReader
{
    // "HTTP/1.1 103": RFC 9112 §4.
    private const int StatusLength = 12;
    private const int SwitchingProtocols = 101;

    private readonly byte[] _start = new byte[StatusLength];
    private int _have;
    private bool _inInterimHead;
    private bool _lineIsEmpty;

    /// <summary>The final answer has begun: what follows is its head and body.</summary>
    public bool IsFinal { get; private set; }

    /// <summary>Another request is being sent.</summary>
    public void Begin()
    {
        IsFinal = false;
        _have = 0;
    }

    /// <param name="seen">Told the status of each 1xx answer, but for 101: that one is final.</param>
    public void Read(ReadOnlySpan<byte> bytes, Action<int> seen)
    {
        while (!bytes.IsEmpty && !IsFinal)
        {
            if (_inInterimHead) bytes = SkipHead(bytes);
            else if (TakeStart(ref bytes)) Judge(seen);
        }
    }

    private bool TakeStart(ref ReadOnlySpan<byte> bytes)
    {
        var taken = Math.Min(StatusLength - _have, bytes.Length);
        bytes[..taken].CopyTo(_start.AsSpan(_have));
        bytes = bytes[taken..];
        _have += taken;
        return _have == StatusLength;
    }

    private void Judge(Action<int> seen)
    {
        _have = 0;
        var interim = _start.AsSpan().StartsWith("HTTP/1."u8) && _start[8] == ' ' && _start[9] == '1'
            && char.IsAsciiDigit((char)_start[10]) && char.IsAsciiDigit((char)_start[11]);
        var status = 100 + ((_start[10] - '0') * 10) + (_start[11] - '0');
        IsFinal = !interim || status == SwitchingProtocols;
        if (IsFinal) return;
        _inInterimHead = true;
        // The status line itself is under way.
        _lineIsEmpty = false;
        seen(status);
    }

    private ReadOnlySpan<byte> SkipHead(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == '\r') continue;
            if (bytes[i] != '\n')
            {
                _lineIsEmpty = false;
                continue;
            }
            if (_lineIsEmpty)
            {
                _inInterimHead = false;
                return bytes[(i + 1)..];
            }
            _lineIsEmpty = true;
        }
        return [];
    }
}
