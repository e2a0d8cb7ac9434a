using System.Net;
using System.Net.Sockets;
using Kache.Dns;

namespace Kache.Sessions;

/// <summary>Names as the client's session knows them; who has no session is told nothing.</summary>
internal sealed class SessionNames(SessionDirectory sessions) : INameSource
{
    private static readonly NameAnswer Refused = new NameAnswer.Refused();

    public bool Serves(IPAddress client) => sessions.TryFind(client, out _);

    public bool HasIPv4(IPAddress client) => sessions.TryFind(client, out var session) && session.Clients.Any(IsIPv4);

    public ValueTask<NameAnswer> AnswerAsync(IPAddress client, string name, int type, CancellationToken cancellation) =>
        sessions.TryFind(client, out var session) ? session.Engine.LookUpAsync(name, type, cancellation) : ValueTask.FromResult(Refused);

    private static bool IsIPv4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6;
}
