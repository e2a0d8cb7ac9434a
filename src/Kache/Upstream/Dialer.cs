using System.Net;
using System.Net.Sockets;
using Kache.Exchanges;

namespace Kache.Upstream;

/// <summary>
/// Connects to a name: resolves it with Kache's own resolver and tries the addresses in turn, a slow one beside the
/// next (RFC 8305). Never connects to Kache itself. A playback session has none.
/// </summary>
internal sealed class Dialer(UpstreamNames names, OutgoingSockets sockets, UpstreamOptions options, TimeProvider clock)
{
    // How long one address has for itself before the next is tried beside it; RFC 8305 §5.
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(250);

    /// <summary>Resolves with Kache's own resolver and connects, trying addresses in turn. How long is the caller's to say.</summary>
    /// <exception cref="UpstreamException">DNS, connect, or a loop to Kache itself.</exception>
    public async ValueTask<Socket> DialAsync(Authority destination, CancellationToken cancellation)
    {
        var found = await ResolveAsync(destination, cancellation);
        var foreign = found.Select(a => new IPEndPoint(a, destination.Port)).Where(e => !options.IsOwnAddress(e)).Select(e => e.Address).ToList();
        if (foreign.Count == 0)
            throw new UpstreamException(UpstreamFailure.Loop, $"{destination} is this Kache itself ({found[0]}): it does not ask itself.");
        return await ConnectAsync(destination, AddressOrder.Of(foreign, sockets.HasRoute), cancellation);
    }

    private async ValueTask<IReadOnlyList<IPAddress>> ResolveAsync(Authority destination, CancellationToken cancellation) =>
        await names.ResolveAsync(destination.DialName, cancellation) switch
        {
            HostLookup.Exists { Addresses: { Count: > 0 } addresses } => addresses,
            HostLookup.Unknown unknown => throw new UpstreamException(
                unknown.TimedOut ? UpstreamFailure.DnsTimeout : UpstreamFailure.DnsError, $"{destination.Host} could not be resolved: {unknown.Reason}"),
            _ => throw new UpstreamException(UpstreamFailure.DnsError, $"The name {destination.Host} does not exist."),
        };

    private async ValueTask<Socket> ConnectAsync(Authority destination, IReadOnlyList<IPAddress> addresses, CancellationToken cancellation)
    {
        var attempts = await Race.RunAsync(
            addresses, (address, token) => TryAsync(new IPEndPoint(address, destination.Port), token),
            attempt => attempt.Socket is not null, late => late.Socket?.Dispose(), HeadStart, clock, cancellation);
        return attempts[^1].Socket ?? throw Unreachable(destination, attempts);
    }

    private async Task<Attempt> TryAsync(IPEndPoint address, CancellationToken cancellation)
    {
        try
        {
            return new Attempt(address, await sockets.ConnectAsync(address, cancellation), null);
        }
        catch (SocketException e)
        {
            return new Attempt(address, null, e);
        }
    }

    /// <summary>Of several failures the one that got furthest is told: a host that refuses is there.</summary>
    private static UpstreamException Unreachable(Authority destination, IReadOnlyList<Attempt> failed)
    {
        var told = failed.MinBy(f => Rank(f.Why!.SocketErrorCode));
        var (failure, what) = told.Why!.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => (UpstreamFailure.ConnectionRefused, "refused the connection"),
            SocketError.TimedOut => (UpstreamFailure.ConnectionTimeout, "did not accept the connection in time"),
            SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.AddressNotAvailable =>
                (UpstreamFailure.DestinationUnavailable, "cannot be reached: no route leads there"),
            _ => (UpstreamFailure.ConnectionTerminated, $"could not be connected to: {told.Why.Message}"),
        };
        var others = failed.Count == 1 ? "" : $" None of its {failed.Count} addresses could be connected to.";
        return new UpstreamException(failure, $"{destination} ({told.Address.Address}) {what}.{others}", told.Why);
    }

    private static int Rank(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => 0,
        SocketError.TimedOut => 1,
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.AddressNotAvailable => 3,
        _ => 2,
    };

    private readonly record struct Attempt(IPEndPoint Address, Socket? Socket, SocketException? Why);
}
