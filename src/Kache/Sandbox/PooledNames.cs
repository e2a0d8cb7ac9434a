using System.Net;
using Kache.Dns;

namespace Kache.Sandbox;

/// <summary>
/// Names as a sandbox sees them: what exists has its address in the pool, bypassed hosts too, since inside no other address
/// leads anywhere.
/// </summary>
internal sealed class PooledNames(INameSource names, NamePool pool) : INameSource
{
    public bool Serves(IPAddress client) => names.Serves(client);

    // Queries over IPv6 come too, when a command asks a resolver of its own choice; the cable has both.
    public bool HasIPv4(IPAddress client) => true;

    public async ValueTask<NameAnswer> AnswerAsync(IPAddress client, string name, int type, CancellationToken cancellation)
    {
        var answer = await names.AnswerAsync(client, name, type, cancellation);
        return answer is NameAnswer.Proxy or NameAnswer.Addresses ? new NameAnswer.Addresses([pool.AddressOf(name)]) : answer;
    }
}
