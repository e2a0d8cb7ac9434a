using System.Net;
using System.Net.Sockets;
using Kache.Dns.Messages;

namespace Kache.Dns;

/// <summary>Where a query came from and how its answer goes back.</summary>
/// <param name="Client">Its source address; an IPv4 one is never in IPv6's clothes.</param>
/// <param name="Local">The address that it was sent to; likewise.</param>
internal readonly record struct Asker(IPAddress Client, IPAddress Local, bool OverTcp)
{
    public static Asker Create(IPAddress client, IPAddress local, bool overTcp) => new(Plain(client), Plain(local), overTcp);

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}

/// <summary>
/// From a query's bytes to its answer's, without a socket. Who has no session is refused, whatever was asked; then come
/// the rules for everybody, then the client's session.
/// </summary>
internal sealed partial class Responder(INameSource names, ProxyAddresses proxy, ILogger logger)
{
    private static readonly IPAddress[] Loopback = [IPAddress.Loopback, IPAddress.IPv6Loopback];

    /// <returns>Null when the bytes get no answer at all.</returns>
    public ValueTask<byte[]?> AnswerAsync(ReadOnlySpan<byte> message, Asker asker, CancellationToken cancellation) =>
        ClientQuery.Read(message) is { } query ? AnswerAsync(query, asker, cancellation) : default;

    private async ValueTask<byte[]?> AnswerAsync(ClientQuery query, Asker asker, CancellationToken cancellation)
    {
        var reply = asker.OverTcp ? Reply.OverTcp(query) : Reply.OverUdp(query);
        try
        {
            if (!names.Serves(asker.Client)) return reply.Code(ResponseCode.Refused);
            if (query.Fault != ResponseCode.NoError) return reply.Code(query.Fault);
            return NamePolicy.RuleFor(query.Name, query.Type, query.Class) switch
            {
                NameRule.AskSession => await AskSessionAsync(query, reply, asker, cancellation),
                NameRule.Proxy => OfProxy(query, reply, asker),
                NameRule.ProbeMark => reply.Text(ProbeName.Mark),
                NameRule.Loopback => reply.Addresses(Loopback),
                NameRule.NoData => reply.Nothing(ResponseCode.NoError),
                NameRule.NoSuchName => reply.Nothing(ResponseCode.NoSuchName),
                NameRule.Any => reply.Any(),
                NameRule.Refused => reply.Code(ResponseCode.Refused),
                _ => reply.Code(ResponseCode.NotImplemented),
            };
        }
        // The edge: a session that breaks must not take the names of all others with it.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogBroken(asker.Client, query.Name, query.Type, e);
            return reply.Code(ResponseCode.ServerFailure);
        }
    }

    private async ValueTask<byte[]> AskSessionAsync(ClientQuery query, Reply reply, Asker asker, CancellationToken cancellation)
    {
        var answer = await names.AnswerAsync(asker.Client, query.Name, query.Type, cancellation);
        LogAnswered(asker.Client, query.Name, query.Type, answer.GetType().Name);
        return Of(answer, query, reply, asker);
    }

    private byte[] Of(NameAnswer answer, ClientQuery query, Reply reply, Asker asker) => answer switch
    {
        NameAnswer.Proxy => OfProxy(query, reply, asker),
        NameAnswer.NoData => reply.Nothing(ResponseCode.NoError),
        NameAnswer.NoSuchName => reply.Nothing(ResponseCode.NoSuchName),
        NameAnswer.Addresses real => reply.Addresses(real.Real),
        NameAnswer.Kept kept => reply.Kept(kept.Message.Span),
        NameAnswer.Refused => reply.Code(ResponseCode.Refused),
        _ => reply.Code(ResponseCode.ServerFailure),
    };

    private byte[] OfProxy(ClientQuery query, Reply reply, Asker asker)
    {
        var four = names.HasIPv4(asker.Client) ? proxy.Of(AddressFamily.InterNetwork, asker.Local) : [];
        var six = four.Count == 0 && query.Type == RecordType.Aaaa ? proxy.Of(AddressFamily.InterNetworkV6, asker.Local) : [];
        return reply.Addresses(query.Type == RecordType.A ? four : six);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Client} asked for {Name} (type {Type}): {Answer}")]
    private partial void LogAnswered(IPAddress client, string name, int type, string answer);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Client} asked for {Name} (type {Type}) and its session broke; it was told SERVFAIL")]
    private partial void LogBroken(IPAddress client, string name, int type, Exception exception);
}
