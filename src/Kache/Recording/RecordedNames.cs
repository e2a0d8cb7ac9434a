using System.Collections.Concurrent;
using Kache.Dns;
using Kache.Dns.Messages;
using Kache.Exchanges;
using Kache.Sessions;
using Kache.Upstream;

namespace Kache.Recording;

/// <summary>
/// Names while recording (BEHAVIOUR N1, N3, N6): whether a host exists is asked upstream and kept, and what exists leads
/// to the proxy; other types are passed on and kept; a bypassed host has its real addresses, and a gap says so.
/// </summary>
internal sealed class RecordedNames(SessionSetup setup, UpstreamNames upstream, Keeper keeper)
{
    // A build asks for some hundred names; a client that makes names up must not fill memory and journal.
    private const int MostKept = 65_536;

    private const int Found = 0;

    private readonly RunningRequests _keeping = new();
    private readonly Lock _claiming = new();
    private readonly Dictionary<(string Name, int Type), int> _kept = [];
    private readonly ConcurrentDictionary<string, bool> _bypassed = new(StringComparer.Ordinal);
    private int _overflowed;

    public ValueTask<NameAnswer> AnswerAsync(string name, int type, CancellationToken cancellation)
    {
        var host = type is RecordType.A or RecordType.Aaaa;
        if (setup.Options.IsBypassed(name)) return host ? BypassedHostAsync(name, cancellation) : BypassedRecordAsync(name, type, cancellation);
        return host ? HostAsync(name, cancellation) : RecordAsync(name, type, cancellation);
    }

    /// <summary>Keeps nothing from now on; answers go on. Completes when what is being kept is in the journal.</summary>
    public Task CloseAsync() => _keeping.CloseAsync();

    private async ValueTask<NameAnswer> HostAsync(string name, CancellationToken cancellation)
    {
        switch (await upstream.LookUpHostAsync(name, cancellation))
        {
            case HostLookup.Exists exists:
                // Without addresses it is the upstream proxy that will know; nobody has said anything yet.
                if (exists.Addresses.Count > 0) await KeepAsync(new NameLookup(name, RecordType.A, Found, default));
                return new NameAnswer.Proxy();
            case HostLookup.DoesNotExist:
                await KeepAsync(new NameLookup(name, RecordType.A, (int)ResponseCode.NoSuchName, default));
                return new NameAnswer.NoSuchName();
            default:
                // The failure shows where it is told best: in the answer to the request (BEHAVIOUR H22).
                return new NameAnswer.Proxy();
        }
    }

    private async ValueTask<NameAnswer> RecordAsync(string name, int type, CancellationToken cancellation)
    {
        if (await upstream.QueryAsync(name, type, cancellation) is not { } answer) return new NameAnswer.ServerFailure();
        var message = WithoutId(answer.Message);
        await KeepAsync(new NameLookup(name, type, answer.ResponseCode, message));
        return new NameAnswer.Kept(message);
    }

    private async ValueTask<NameAnswer> BypassedHostAsync(string name, CancellationToken cancellation)
    {
        await ListBypassedAsync(name);
        if (await upstream.ResolveAsync(name, cancellation) is HostLookup.Exists { Addresses: { Count: > 0 } real }) return new NameAnswer.Addresses(real);
        // With an upstream proxy the name may be known there only: then the way leads through Kache, as a tunnel.
        return await upstream.LookUpHostAsync(name, cancellation) is HostLookup.DoesNotExist ? new NameAnswer.NoSuchName() : new NameAnswer.Proxy();
    }

    private async ValueTask<NameAnswer> BypassedRecordAsync(string name, int type, CancellationToken cancellation)
    {
        await ListBypassedAsync(name);
        return await upstream.QueryAsync(name, type, cancellation) is { } answer ? new NameAnswer.Kept(answer.Message) : new NameAnswer.ServerFailure();
    }

    private async ValueTask KeepAsync(NameLookup lookup)
    {
        if (!_keeping.TryEnter()) return;
        try
        {
            if (IsNews(lookup)) await keeper.KeepAsync(lookup);
            else await ListOverflowAsync();
        }
        finally
        {
            _keeping.Leave();
        }
    }

    private async ValueTask ListBypassedAsync(string name)
    {
        if (_bypassed.ContainsKey(name) || !_keeping.TryEnter()) return;
        try
        {
            if (HasRoom() && _bypassed.TryAdd(name, true))
                await keeper.GapAsync(GapKind.BypassedName, name, "NOT RECORDED: the host is bypassed, and its name was answered with its real addresses.");
            else await ListOverflowAsync();
        }
        finally
        {
            _keeping.Leave();
        }
    }

    /// <summary>Once a name and type; what was found once stays found, whatever a later look-up says.</summary>
    private bool IsNews(NameLookup lookup)
    {
        var key = (lookup.Name, lookup.Type);
        // A and AAAA come at the same time, for one look-up.
        lock (_claiming)
        {
            var known = _kept.TryGetValue(key, out var before);
            if (known ? before == Found || lookup.ResponseCode != Found : !HasRoom()) return false;
            _kept[key] = lookup.ResponseCode;
            return true;
        }
    }

    private bool HasRoom() => _kept.Count + _bypassed.Count < MostKept;

    private async ValueTask ListOverflowAsync()
    {
        if (HasRoom() || Interlocked.Exchange(ref _overflowed, 1) != 0) return;
        await keeper.GapAsync(GapKind.NotStored, "names", $"More than {MostKept} names were looked up; those that came later are not kept.");
    }

    // Made up for one query, and another each time: the same look-up is kept as the same bytes.
    private static byte[] WithoutId(byte[] message)
    {
        var copy = (byte[])message.Clone();
        copy.AsSpan(0, 2).Clear();
        return copy;
    }
}
