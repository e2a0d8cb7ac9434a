using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Kache.Sandbox;

/// <summary>
/// Gives each name an address of its own, so that a connection without SNI, or on another port, still has its name. Addresses
/// are handed out in the order of asking and never taken back; when they run out (131,000 names) the first are given anew.
/// </summary>
internal sealed class NamePool
{
    // The first /24 is the cable's; the last address ends the network.
    private const int First = 256;
    private const int End = (1 << 17) - 1;

    private static readonly uint Base = BinaryPrimitives.ReadUInt32BigEndian(SandboxNetwork.Pool.BaseAddress.GetAddressBytes());

    private readonly ConcurrentDictionary<string, IPAddress> _addresses = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<IPAddress, string> _names = new();
    private readonly Lock _giving = new();
    private int _next = First;

    /// <param name="name">Lower case, no trailing dot.</param>
    public IPAddress AddressOf(string name) => _addresses.TryGetValue(name, out var known) ? known : Give(name);

    public bool TryName(IPAddress address, [NotNullWhen(true)] out string? name) => _names.TryGetValue(address, out name);

    private IPAddress Give(string name)
    {
        lock (_giving)
        {
            if (_addresses.TryGetValue(name, out var known)) return known;
            var bytes = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, Base + (uint)_next);
            _next = _next + 1 == End ? First : _next + 1;
            var address = new IPAddress(bytes);
            if (_names.TryGetValue(address, out var former)) _addresses.TryRemove(former, out _);
            _names[address] = name;
            _addresses[name] = address;
            return address;
        }
    }
}
