namespace Kache.Upstream;

/// <summary>The 1xx answers that came before one request's final answer. SocketsHttpHandler swallows them. Thread safe.</summary>
internal sealed class InterimAnswers
{
    // Who sends more says nothing new with the next one.
    private const int Most = 16;

    // The request whose bytes are being written; a connection learns from it whose answers come next.
    private static readonly AsyncLocal<InterimAnswers?> Current = new();

    private readonly Lock _adding = new();
    private readonly List<int> _statuses = [];

    /// <summary>The answers of the request that is being sent in this flow of control; null when nobody asks.</summary>
    public static InterimAnswers? OfThisRequest
    {
        get => Current.Value;
        set => Current.Value = value;
    }

    /// <summary>In the order in which they came.</summary>
    public IReadOnlyList<int> Statuses
    {
        get
        {
            lock (_adding) return [.. _statuses];
        }
    }

    public void Add(int status)
    {
        lock (_adding)
        {
            if (_statuses.Count < Most) _statuses.Add(status);
        }
    }
}
