using System.Net;
using Kache.Sessions;

namespace Kache.Server;

/// <summary>What <c>kache serve</c> was told. Immutable; <see cref="Cli.Settings.ServeSettings"/> reads and judges it.</summary>
internal sealed record ServeOptions
{
    /// <summary>Absolute path. Default: /var/lib/kache for root, $XDG_DATA_HOME/kache for others.</summary>
    public required string Data { get; init; }

    /// <summary>Addresses to listen on; empty (the default) for all of them, IPv4 and IPv6.</summary>
    public IReadOnlyList<IPAddress> Listen { get; init; } = [];

    /// <summary>Addresses told to clients and answered by DNS; empty (the default) for the address that a client came to.</summary>
    public IReadOnlyList<IPAddress> Advertise { get; init; } = [];

    /// <summary>UDP and TCP. 0–65535, 0 is off. Default 53: resolv.conf cannot name another.</summary>
    public int DnsPort { get; init; } = 53;

    /// <summary>0 is off. Default 80: where clients go.</summary>
    public int HttpPort { get; init; } = 80;

    /// <summary>0 is off. Default 443: where clients go.</summary>
    public int HttpsPort { get; init; } = 443;

    /// <summary>Further ports for transparent traffic. Default none.</summary>
    public IReadOnlyList<int> ExtraPorts { get; init; } = [];

    /// <summary>Explicit proxy. 0 is off. Default 3128: what proxies have been on since Squid.</summary>
    public int ProxyPort { get; init; } = 3128;

    /// <summary>0 is off. Default 7070: not registered for anything that a build machine runs.</summary>
    public int ApiPort { get; init; } = 7070;

    /// <summary>Resolvers asked while recording; empty (the default) for those of the machine.</summary>
    public IReadOnlyList<IPEndPoint> UpstreamDns { get; init; } = [];

    /// <summary>PEM files with roots trusted beside the system's. Default none.</summary>
    public IReadOnlyList<string> UpstreamCa { get; init; } = [];

    /// <summary>An HTTP proxy for everything recorded. Default none; ambient proxy variables do not count.</summary>
    public Uri? UpstreamProxy { get; init; }

    /// <summary>An organisation's CA, PEM; both or neither. Default: one made in the data folder.</summary>
    public string? CaCert { get; init; }

    public string? CaKey { get; init; }

    /// <summary>What holds for every session beside its own options. Default: nothing.</summary>
    public SessionRules Rules { get; init; } = SessionRules.None;

    /// <summary>Composed without anything that dials. Default false.</summary>
    public bool PlaybackOnly { get; init; }

    /// <summary>trace, debug, information, warning, error. Default information.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Set by <c>start</c> for a server that it brings up; null for everybody else.</summary>
    public BroughtUp? BroughtUp { get; init; }

    public string Socket => DataFolder.Socket(Data);

    /// <summary>Ports with transparent traffic, each once.</summary>
    public IReadOnlyList<int> TransparentPorts => [.. new[] { HttpPort, HttpsPort }.Concat(ExtraPorts).Where(p => p != 0).Distinct()];
}

/// <summary>What is different in a server that <c>start</c> brought up: it leaves the terminal, drops root and ends with its last session.</summary>
/// <param name="LogFile">Where its talk goes.</param>
/// <param name="User">Whom it becomes once its ports are bound; null to stay who it is.</param>
internal sealed record BroughtUp(string LogFile, UserIdentity? User);

/// <summary>A numeric user and group.</summary>
internal readonly record struct UserIdentity(uint User, uint Group)
{
    /// <summary><c>UID:GID</c>, or null.</summary>
    public static UserIdentity? Parse(string? text) =>
        text?.Split(':') is [var user, var group] && uint.TryParse(user, out var uid) && uint.TryParse(group, out var gid) ? new UserIdentity(uid, gid) : null;

    public override string ToString() => $"{User}:{Group}";
}
