using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Kache.Dns;

namespace Kache.Tests.Dns;

/// <summary>Sessions that say what the test tells them to.</summary>
internal sealed class FakeSessions(Func<string, int, NameAnswer>? says = null) : INameSource
{
    public Func<IPAddress, bool> Knows { get; init; } = _ => true;

    public Func<IPAddress, bool> WithIPv4 { get; init; } = client => client.AddressFamily == AddressFamily.InterNetwork;

    /// <summary>Waited for before each answer.</summary>
    public Func<string, Task> Before { get; init; } = _ => Task.CompletedTask;

    public ConcurrentQueue<string> Asked { get; } = new();

    public bool Serves(IPAddress client) => Knows(client);

    public bool HasIPv4(IPAddress client) => WithIPv4(client);

    public async ValueTask<NameAnswer> AnswerAsync(IPAddress client, string name, int type, CancellationToken cancellation)
    {
        Asked.Enqueue($"{name}/{type}");
        await Before(name).WaitAsync(cancellation);
        return says is null ? new NameAnswer.Proxy() : says(name, type);
    }
}
