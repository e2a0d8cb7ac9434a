using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Kache.Dns;
using Kache.Dns.Messages;

namespace Kache.Upstream.Resolving;

/// <summary>
/// Which resolvers are asked, and the proof that none of them is Kache itself (BEHAVIOUR N5): before a resolver is used
/// it is asked for the probe name's mark, which only a Kache knows.
/// </summary>
internal sealed class UpstreamResolvers
{
    // A resolver that was a Kache may be a real one later, after the machine was given back.
    private static readonly TimeSpan AskKacheAgainAfter = TimeSpan.FromSeconds(30);

    private readonly OutgoingSockets _sockets;
    private readonly UpstreamOptions _options;
    private readonly TimeProvider _clock;
    private readonly WatchedFile<IReadOnlyList<IPEndPoint>> _machine;
    private readonly ConcurrentDictionary<IPEndPoint, Task<Proof>> _proofs = new();
    private IReadOnlyList<IPEndPoint> _before;

    public UpstreamResolvers(OutgoingSockets sockets, UpstreamOptions options, TimeProvider clock, string resolvConf = ResolvConf.Path)
    {
        _sockets = sockets;
        _options = options;
        _clock = clock;
        _machine = new WatchedFile<IReadOnlyList<IPEndPoint>>(resolvConf, ResolvConf.Parse);
        // Read now: later it may lead to Kache.
        _before = options.Resolvers.Count > 0 ? options.Resolvers : options.ResolversBefore.Count > 0 ? options.ResolversBefore : _machine.Read();
    }

    /// <summary>
    /// In the order in which they are asked. When all that the machine names now lead to Kache, those that it had before.
    /// Not proven yet: that is part of asking one.
    /// </summary>
    public async ValueTask<IReadOnlyList<IPEndPoint>> ListAsync(CancellationToken cancellation)
    {
        if (_options.Resolvers.Count > 0) return _options.Resolvers;
        var before = Volatile.Read(ref _before);
        var now = _machine.Read();
        if (now.SequenceEqual(before)) return before;
        var verdicts = await Task.WhenAll(now.Select(r => ProveAsync(r, cancellation)));
        if (verdicts.All(v => v is Verdict.Kache)) return before;
        if (verdicts.Contains(Verdict.Resolver)) Volatile.Write(ref _before, now);
        return now;
    }

    /// <summary>Asks one resolver, once it has proved that it is not Kache.</summary>
    /// <exception cref="UpstreamException">It is Kache, or did not answer.</exception>
    public async Task<byte[]> AskAsync(IPEndPoint resolver, ReadOnlyMemory<byte> query, CancellationToken cancellation) =>
        await ProveAsync(resolver, cancellation) switch
        {
            Verdict.Resolver or Verdict.Refusing => await _sockets.QueryAsync(resolver, query, cancellation),
            Verdict.Kache => throw new UpstreamException(UpstreamFailure.Loop, $"The resolver {resolver} is Kache itself, or leads to it; name another with --upstream-dns."),
            _ => throw new UpstreamException(UpstreamFailure.DnsTimeout, $"The resolver {resolver} does not answer."),
        };

    private async Task<Verdict> ProveAsync(IPEndPoint resolver, CancellationToken cancellation)
    {
        if (_options.IsOwnAddress(resolver)) return Verdict.Kache;
        // Shared between all that ask now, so it has a limit of its own and nobody's cancellation.
        var running = _proofs.GetOrAdd(resolver, TakeProofAsync);
        var proof = await running.WaitAsync(cancellation);
        if (proof.Verdict == Verdict.Resolver) return proof.Verdict;
        if (proof.Verdict is Verdict.Silent or Verdict.Refusing || _clock.GetElapsedTime(proof.At) >= AskKacheAgainAfter)
            _proofs.TryRemove(new KeyValuePair<IPEndPoint, Task<Proof>>(resolver, running));
        return proof.Verdict;
    }

    private async Task<Proof> TakeProofAsync(IPEndPoint resolver)
    {
        var told = await AskAsync(resolver, ProbeName.Host, RecordType.Txt);
        var verdict = told switch
        {
            { } answer when UpstreamMessage.HasText(answer, ProbeName.Mark) => Verdict.Kache,
            { } answer when Code(answer) != ResponseCode.Refused => Verdict.Resolver,
            // One that refuses or swallows names under .internal only, because a network uses them for something else, is a resolver.
            _ => await AskAsync(resolver, "", RecordType.Ns) switch
            {
                { } root when Code(root) == ResponseCode.NoError => Verdict.Resolver,
                null when told is null => Verdict.Silent,
                _ => Verdict.Refusing,
            },
        };
        return new Proof(verdict, _clock.GetTimestamp());
    }

    private async Task<byte[]?> AskAsync(IPEndPoint resolver, string name, int type)
    {
        var query = UpstreamMessage.Query((ushort)RandomNumberGenerator.GetInt32(0x10000), name, type)!;
        try
        {
            return await _sockets.QueryAsync(resolver, query, CancellationToken.None);
        }
        catch (UpstreamException)
        {
            // Said to whoever asked it; the next one proves it anew.
            return null;
        }
    }

    private static ResponseCode Code(byte[] answer) => DnsHeader.TryRead(answer, out var header) ? header.Code : ResponseCode.ServerFailure;

    private enum Verdict
    {
        /// <summary>Proven: it does not know Kache's mark.</summary>
        Resolver,
        Kache,

        /// <summary>It did not answer.</summary>
        Silent,

        /// <summary>
        /// A resolver of a closed network, which refuses what is not its own; or a Kache with which this machine has no
        /// session, and which refuses the question itself too. Not proven, so asked for proof again each time.
        /// </summary>
        Refusing,
    }

    private sealed record Proof(Verdict Verdict, long At);
}
