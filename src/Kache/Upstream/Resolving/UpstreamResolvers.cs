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
        _before = options.Resolvers.Count > 0 ? options.Resolvers : _machine.Read();
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
            Verdict.Resolver => await _sockets.QueryAsync(resolver, query, cancellation),
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
        if (proof.Verdict == Verdict.Silent || _clock.GetElapsedTime(proof.At) >= AskKacheAgainAfter)
            _proofs.TryRemove(new KeyValuePair<IPEndPoint, Task<Proof>>(resolver, running));
        return proof.Verdict;
    }

    private async Task<Proof> TakeProofAsync(IPEndPoint resolver)
    {
        var query = UpstreamMessage.Query((ushort)RandomNumberGenerator.GetInt32(0x10000), ProbeName.Host, RecordType.Txt)!;
        try
        {
            var answer = await _sockets.QueryAsync(resolver, query, CancellationToken.None);
            return new Proof(Judge(answer), _clock.GetTimestamp());
        }
        catch (UpstreamException)
        {
            // Said to whoever asked it; the next one proves it anew.
            return new Proof(Verdict.Silent, _clock.GetTimestamp());
        }
    }

    private static Verdict Judge(ReadOnlySpan<byte> answer)
    {
        DnsHeader.TryRead(answer, out var header);
        // A Kache refuses whoever has no session with it; a resolver that refuses is of no use either.
        if (header.Code == ResponseCode.Refused) return Verdict.Silent;
        return UpstreamMessage.HasText(answer, ProbeName.Mark) ? Verdict.Kache : Verdict.Resolver;
    }

    private enum Verdict
    {
        /// <summary>Proven: it does not know Kache's mark.</summary>
        Resolver,
        Kache,

        /// <summary>It did not answer, or refused to.</summary>
        Silent,
    }

    private sealed record Proof(Verdict Verdict, long At);
}
